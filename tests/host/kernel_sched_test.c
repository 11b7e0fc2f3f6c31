/* SPDX-License-Identifier: MIT */
/* The run queues: priorities, round robin, quanta, and that they never lose or double a process. */
/* links: kernel/sched.c kernel/proc.c kernel/priv.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "arch.h"
#include "panic.h"
#include "sched.h"
#include "seed.h"

void panic(const char *format, ...)
{
	fail_msg("%s", format);
	abort();
}

void arch_ports_changed(void)
{
}

static struct proc *runnable(uint32_t priority)
{
	struct proc *p = proc_allocate();

	assert_non_null(p);
	sched_set(p, priority, 3);
	proc_clear_flags(p, RTS_NO_IMAGE);
	sched_requeue(p); /* to the tail: in the order of their creation */
	return p;
}

static int setup(void **state)
{
	(void)state;
	proc_init();
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	for (int i = 0; i < NR_PROCS; i++)
		if (!(proc_table[i].rts_flags & RTS_SLOT_FREE))
			proc_free(&proc_table[i]);
	assert_null(sched_pick());
	return 0;
}

static void nothing_runs_in_an_empty_system(void **state)
{
	(void)state;
	assert_null(sched_pick());
}

static void the_most_urgent_runs(void **state)
{
	struct proc *low = runnable(9), *high = runnable(2), *middle = runnable(5);

	(void)state;
	assert_ptr_equal(sched_pick(), high);
	proc_set_flags(high, RTS_RECEIVING);
	assert_ptr_equal(sched_pick(), middle);
	proc_set_flags(middle, RTS_RECEIVING);
	assert_ptr_equal(sched_pick(), low);
	proc_clear_flags(high, RTS_RECEIVING);
	assert_ptr_equal(sched_pick(), high);
}

static void equals_take_turns_when_a_quantum_ends(void **state)
{
	struct proc *a = runnable(8), *b = runnable(8);

	(void)state;
	for (int turn = 0; turn < 10; turn++) {
		struct proc *expected = turn % 2 ? b : a;

		for (int tick = 0; tick < 3; tick++) {
			assert_ptr_equal(sched_pick(), expected);
			sched_tick(expected);
		}
	}
	assert_int_equal(a->ticks_used, 15);
	assert_int_equal(b->ticks_used, 15);
}

static void yield_lets_equals_run_but_not_the_less_urgent(void **state)
{
	struct proc *a = runnable(8), *b = runnable(8);

	(void)state;
	runnable(9);
	sched_requeue(a);
	assert_ptr_equal(sched_pick(), b);
	sched_requeue(b);
	assert_ptr_equal(sched_pick(), a);
}

static void a_process_with_any_flag_does_not_run(void **state)
{
	struct proc *p = runnable(8);

	(void)state;
	proc_set_flags(p, RTS_STOPPED);
	proc_set_flags(p, RTS_RECEIVING);
	proc_clear_flags(p, RTS_RECEIVING);
	assert_null(sched_pick());
	proc_clear_flags(p, RTS_STOPPED);
	assert_ptr_equal(sched_pick(), p);
}

static void who_wakes_goes_first_but_not_for_ever(void **state)
{
	struct proc *hog = runnable(8), *waker = runnable(8);
	int wakes = 0;

	(void)state;
	do {
		proc_set_flags(waker, RTS_RECEIVING);
		assert_ptr_equal(sched_pick(), hog);
		proc_clear_flags(waker, RTS_RECEIVING);
		wakes++;
	} while (sched_pick() == waker && wakes < 1000);
	assert_in_range(wakes, 10, 200);
	assert_ptr_equal(sched_pick(), hog);
}

/* Random operations against a table of who can run. */
static void random_operations_keep_the_queues_whole(void **state)
{
	unsigned seed = test_seed();
	struct proc *procs[40];

	(void)state;
	srand(seed);
	for (int i = 0; i < 40; i++)
		procs[i] = runnable(rand() % SCHED_PRIORITIES);
	for (int step = 0; step < 100000; step++) {
		struct proc *p = procs[rand() % 40], *pick;
		uint32_t best = SCHED_PRIORITIES;

		switch (rand() % 4) {
		case 0:
			proc_set_flags(p, 1u << (2 + rand() % 6));
			break;
		case 1:
			proc_clear_flags(p, p->rts_flags);
			break;
		case 2:
			sched_set(p, rand() % SCHED_PRIORITIES, 1 + rand() % 5);
			break;
		default:
			if (sched_pick())
				sched_tick(sched_pick());
		}
		for (int i = 0; i < 40; i++)
			if (proc_runnable(procs[i]) && procs[i]->priority < best)
				best = procs[i]->priority;
		pick = sched_pick();
		assert_int_equal(pick ? pick->priority : SCHED_PRIORITIES, best);
		assert_true(!pick || proc_runnable(pick));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(nothing_runs_in_an_empty_system, setup, end_all),
	        cmocka_unit_test_teardown(the_most_urgent_runs, end_all),
	        cmocka_unit_test_teardown(equals_take_turns_when_a_quantum_ends, end_all),
	        cmocka_unit_test_teardown(yield_lets_equals_run_but_not_the_less_urgent, end_all),
	        cmocka_unit_test_teardown(a_process_with_any_flag_does_not_run, end_all),
	        cmocka_unit_test_teardown(who_wakes_goes_first_but_not_for_ever, end_all),
	        cmocka_unit_test_teardown(random_operations_keep_the_queues_whole, end_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
