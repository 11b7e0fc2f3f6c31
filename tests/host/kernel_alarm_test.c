/* SPDX-License-Identifier: MIT */
/* The alarms: each rings once, in the order of their times, whatever is set and taken back meanwhile. */
/* links: kernel/alarm.c kernel/proc.c kernel/sched.c kernel/priv.c tests/host/trace_off.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "alarm.h"
#include "arch.h"
#include "ipc.h"
#include "panic.h"
#include "seed.h"

static uint64_t last_rung; /* the time that the last to ring had been set to */
static unsigned rung;
static uint64_t set_to[NR_PROCS]; /* the model: 0 for none */

void panic(const char *format, ...)
{
	fail_msg("%s", format);
	abort();
}

void arch_ports_changed(void)
{
}

void ipc_notify(struct proc *from, struct proc *to)
{
	uint64_t *at = &set_to[proc_slot(to)];

	assert_null(from);
	assert_int_equal(to->alarm_fired, 1);
	assert_int_not_equal(*at, 0);
	assert_true(*at >= last_rung);
	last_rung = *at;
	*at = 0;
	rung++;
}

static void set(int slot, uint64_t at)
{
	alarm_set(&proc_table[slot], at);
	set_to[slot] = at;
}

static int setup(void **state)
{
	(void)state;
	proc_init();
	last_rung = rung = 0;
	return 0;
}

static void alarms_ring_in_order_and_once(void **state)
{
	(void)state;
	set(3, 300);
	set(1, 100);
	set(2, 200);
	alarm_ring(99);
	assert_int_equal(rung, 0);
	alarm_ring(200);
	assert_int_equal(rung, 2);
	alarm_ring(1000);
	alarm_ring(2000);
	assert_int_equal(rung, 3);
}

static void an_alarm_taken_back_does_not_ring(void **state)
{
	(void)state;
	for (int slot = 0; slot < 5; slot++)
		set(slot, 100 + slot);
	set(0, 0);
	set(4, 0);
	set(2, 0);
	set(2, 0);
	alarm_ring(1000);
	assert_int_equal(rung, 2);
}

static void setting_again_replaces(void **state)
{
	(void)state;
	set(1, 100);
	set(1, 500);
	alarm_ring(400);
	assert_int_equal(rung, 0);
	set(1, 450);
	alarm_ring(450);
	assert_int_equal(rung, 1);
	assert_int_equal(proc_table[1].alarm_at, 0);
}

static void all_processes_have_one(void **state)
{
	(void)state;
	for (int slot = 0; slot < NR_PROCS; slot++)
		set(slot, 5000 - slot);
	alarm_ring(5000);
	assert_int_equal(rung, NR_PROCS);
}

static void random_settings_ring_as_the_model_says(void **state)
{
	unsigned seed = test_seed();
	uint64_t now = 1;

	(void)state;
	srand(seed);
	for (int step = 0; step < 100000; step++) {
		int slot = rand() % 200;

		if (rand() % 8)
			set(slot, rand() % 4 ? now + 1 + rand() % 1000 : 0);
		now += rand() % 20;
		last_rung = 0;
		alarm_ring(now);
		uint32_t count = 0;
		for (int i = 0; step % 64 == 0 && i < 200; i++) {
			assert_true(set_to[i] == 0 || set_to[i] > now);
			assert_int_equal(proc_table[i].alarm_at, set_to[i]);
			count += set_to[i] != 0;
		}
		assert_true(step % 64 || alarms_set() == count);
	}
	for (int i = 0; i < 200; i++)
		set(i, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(alarms_ring_in_order_and_once, setup),
	        cmocka_unit_test_setup(an_alarm_taken_back_does_not_ring, setup),
	        cmocka_unit_test_setup(setting_again_replaces, setup),
	        cmocka_unit_test_setup(all_processes_have_one, setup),
	        cmocka_unit_test_setup(random_settings_ring_as_the_model_says, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
