/* SPDX-License-Identifier: MIT */
/* links: tests/host/bridge_user.c */
/* What becomes of a call that a signal interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* PM's side is played here: with its guard defined, <granite/ipc.h> comes out empty. */
#define GRANITE_IPC_H
#define KCALL_VECTOR 0x31
#include <granite/abi/endpoint.h>
#include <granite/abi/errno.h>
#include <granite/abi/message.h>

static int ipc_sendrec(endpoint_t server, struct message *m);
static int ipc_sendrec_intr(endpoint_t server, struct message *m);

#include "lib/bridge/deliver.c"

#include "bridge_user.h"

#define NUMBER 7u
#define RETURN 0x8048123u

struct bridge_control granite_bridge_control;
static struct pm_sigfetch_rep waiting[4];
static uint32_t nr_waiting, nr_pushed;
static uint32_t pushed_eip[4], pushed_eax[4];
static struct bridge_regs regs;

static int ipc_sendrec(endpoint_t server, struct message *m)
{
	assert_int_equal(server, PM_PROC_NR);
	assert_int_equal(m->m_type, PM_SIGFETCH);
	m->m_type = nr_waiting ? OK : -EAGAIN;
	if (nr_waiting)
		memcpy(m->m_bytes, &waiting[--nr_waiting], sizeof(waiting[0]));
	return OK;
}

static int ipc_sendrec_intr(endpoint_t server, struct message *m)
{
	return ipc_sendrec(server, m);
}

void granite_bridge_entry(void)
{
}

void sigframe_push(struct bridge_regs *at, const struct pm_sigfetch_rep *signal)
{
	pushed_eip[nr_pushed] = at->eip;
	pushed_eax[nr_pushed++] = at->eax;
	at->eip = signal->handler;
}

static int reset(void **state)
{
	(void)state;
	memset(waiting, 0, sizeof(waiting));
	nr_waiting = nr_pushed = 0;
	granite_bridge_control.pending = 1;
	regs = (struct bridge_regs){.eax = (uint32_t)-EINTR, .eip = RETURN, .esp = user_base() + 0x1000};
	return 0;
}

static uint32_t entry(void)
{
	return user_address((void *)granite_bridge_entry);
}

static void assert_rewound(uint32_t eip, uint32_t eax)
{
	assert_int_equal(eip, entry());
	assert_int_equal(eax, NUMBER);
	assert_int_equal(regs.esp, user_base() + 0x1000 - 4);
	assert_int_equal(*(uint32_t *)user_at(0x1000 - 4), RETURN);
}

static void a_handler_makes_the_call_end_with_eintr(void **state)
{
	(void)state;
	nr_waiting = 1;
	bridge_interrupted(&regs, NUMBER, 1);
	assert_int_equal(nr_pushed, 1);
	assert_int_equal(pushed_eip[0], RETURN);
	assert_int_equal((int32_t)pushed_eax[0], -EINTR);
}

static void sa_restart_makes_it_again(void **state)
{
	(void)state;
	nr_waiting = 1;
	waiting[0].flags = SA_RESTART;
	bridge_interrupted(&regs, NUMBER, 1);
	assert_rewound(pushed_eip[0], pushed_eax[0]);
}

static void some_calls_never_restart(void **state)
{
	(void)state;
	nr_waiting = 1;
	waiting[0].flags = SA_RESTART;
	bridge_interrupted(&regs, NUMBER, 0);
	assert_int_equal(pushed_eip[0], RETURN);
	assert_int_equal((int32_t)pushed_eax[0], -EINTR);
}

static void without_a_handler_it_is_made_again(void **state)
{
	(void)state;
	bridge_interrupted(&regs, NUMBER, 0);
	assert_int_equal(nr_pushed, 0);
	assert_rewound(regs.eip, regs.eax);
}

static void several_signals_interrupt_each_other(void **state)
{
	(void)state;
	nr_waiting = 3;
	waiting[2].handler = 100;
	waiting[1].handler = 200;
	waiting[0].handler = 300;
	bridge_upcall(&regs);
	assert_int_equal(nr_pushed, 3);
	assert_int_equal(pushed_eip[0], RETURN);
	assert_int_equal(pushed_eip[1], 100);
	assert_int_equal(pushed_eip[2], 200);
	assert_int_equal(regs.eip, 300);
	assert_int_equal(granite_bridge_control.pending, 0);
}

static void an_upcall_for_nothing_changes_nothing(void **state)
{
	struct bridge_regs before = regs;

	(void)state;
	bridge_upcall(&regs);
	assert_memory_equal(&regs, &before, sizeof(regs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_handler_makes_the_call_end_with_eintr, reset),
	        cmocka_unit_test_setup(sa_restart_makes_it_again, reset),
	        cmocka_unit_test_setup(some_calls_never_restart, reset),
	        cmocka_unit_test_setup(without_a_handler_it_is_made_again, reset),
	        cmocka_unit_test_setup(several_signals_interrupt_each_other, reset),
	        cmocka_unit_test_setup(an_upcall_for_nothing_changes_nothing, reset),
	};

	return cmocka_run_group_tests(tests, user_setup, NULL);
}
