/* SPDX-License-Identifier: MIT */
/* guest: calls=schedule time=counted */
/*
 * A process more urgent than PM and VM asks PM for exec without waiting for the answer, and wakes while that
 * is under way: at the next clock tick, with the request sent a little earlier each time. It may go on in its
 * old memory, and begin anew in the new one; but never may it go on in the new one from where it was.
 */
#include <granite/abi/pm.h>
#include <granite/ipc.h>
#include <granite/sys.h>

#include "tap.h"

#define PROGRAM "/bin/exec_async_test"
#define AT(p)   ((vir_bytes)(uintptr_t)(p))

/* Time stamps; with counted time, instructions. */
#define STEP  4000
#define STEPS 60

/* Set by who wakes. In a program that has just begun it is 0. */
static volatile uint32_t woke;

static struct message message;

static uint64_t timestamp(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* Wakes at each tick, for ever. All that it needs is in registers and in this code, which is the new
 * program's too. */
static _Noreturn void wake_at_ticks(void)
{
	__asm__ volatile("1:\n\t"
	                 "movl %[receive], %%ecx\n\t"
	                 "movl %[clock], %%eax\n\t"
	                 "movl %[message], %%ebx\n\t"
	                 "int %[vector]\n\t"
	                 "movl $1, %[woke]\n\t"
	                 "jmp 1b"
	                 :
	                 : [receive] "i"(IPC_RECEIVE), [clock] "i"(CLOCK), [message] "i"(&message),
	                   [vector] "i"(IPC_VECTOR), [woke] "m"(woke)
	                 : "eax", "ebx", "ecx", "memory");
	__builtin_unreachable();
}

/* Returns right behind a clock tick. */
static uint64_t wait_for_tick(void)
{
	int status;
	CHECK_INT(sys_setalarm(1, 0, NULL), OK);
	CHECK_INT(ipc_receive(CLOCK, &message, &status), OK);
	return timestamp();
}

static void ask_for_exec(int step)
{
	static char strings[64];
	int bytes = snprintf(strings, sizeof(strings), "exec_async_test%c%d", '\0', step) + 1;
	union pm_exec_message call = {.req = {.path = AT(PROGRAM),
	                                      .path_bytes = sizeof(PROGRAM) - 1,
	                                      .strings = AT(strings),
	                                      .strings_bytes = (uint32_t)bytes,
	                                      .argc = 2}};
	call.m.m_type = PM_EXEC;
	CHECK_INT(ipc_send(PM_PROC_NR, &call.m), OK);
}

/* PM has the request `step` steps before the next tick. */
static _Noreturn void be_woken_in_exec(int step)
{
	uint64_t before = wait_for_tick(), tick = wait_for_tick(),
	         end = 2 * tick - before - (uint64_t)step * STEP;
	CHECK_INT(sys_setalarm(1, 0, NULL), OK);
	while (timestamp() < end)
		;
	ask_for_exec(step);
	wake_at_ticks();
}

static int begin_anew(int step)
{
	if (woke)
		return 1;
	if (step < STEPS)
		be_woken_in_exec(step + 1);
	return 0;
}

static void become_urgent(void)
{
	CHECK_INT(sys_schedule(sys_self(), SCHED_PRIO_DRIVER, 50), OK);
	be_woken_in_exec(1);
}

static void who_is_more_urgent_than_pm_never_runs_on_in_its_new_memory(void)
{
	CHECK_EXITED(tap_child(become_urgent), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(who_is_more_urgent_than_pm_never_runs_on_in_its_new_memory),
	};
	return argc > 1 ? begin_anew(atoi(argv[1])) : TAP_RUN(tests);
}
