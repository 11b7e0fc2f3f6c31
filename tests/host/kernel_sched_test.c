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

static void sleep_and_wake(struct proc *p)
{
	proc_set_flags(p, RTS_RECEIVING);
	proc_clear_flags(p, RTS_RECEIVING);
}

/* A clock tick, paid by who runs. */
static void tick(void)
{
	sched_tick(sched_pick());
}

static void ticks(int count)
{
	while (count--)
		tick();
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

		for (int i = 0; i < 3; i++) {
			assert_ptr_equal(sched_pick(), expected);
			tick();
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

/* However often within a tick: a client and its server have a quantum, not a number of messages. */
static void who_wakes_goes_first(void **state)
{
	struct proc *hog = runnable(8), *waker = runnable(8);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(sched_pick(), hog);
		tick();
	}
	for (int i = 0; i < 1000; i++) {
		sleep_and_wake(waker);
		assert_ptr_equal(sched_pick(), waker);
	}
}

/* It sleeps while the clock ticks, so that others seem to have run, and wakes at once. */
static void who_sleeps_at_the_tick_has_its_quantum_and_no_more(void **state)
{
	struct proc *hog = runnable(8), *gamer = runnable(8);
	int had[2] = {0, 0};

	(void)state;
	for (int i = 0; i < 600; i++) {
		if (sched_pick() == gamer)
			proc_set_flags(gamer, RTS_RECEIVING);
		tick();
		proc_clear_flags(gamer, RTS_RECEIVING);
		had[sched_pick() == gamer]++; /* most of the tick */
	}
	assert_true(proc_runnable(hog));
	assert_in_range(had[0], 250, 350);
}

/* Two that wake each other have a share each, not all. */
static void who_wake_each_other_do_not_starve_a_third(void **state)
{
	struct proc *hog = runnable(8), *pair[2] = {runnable(8), runnable(8)};
	int had = 0;

	(void)state;
	for (int i = 0; i < 900; i++) {
		if (sched_pick() != hog)
			for (int turn = 0; turn < 10; turn++)
				sleep_and_wake(pair[turn % 2]);
		tick();
		had += sched_pick() == hog;
	}
	assert_in_range(had, 270, 500);
}

static void a_tick_is_taken_once_though_it_wakes_and_runs_on(void **state)
{
	struct proc *p = runnable(8), *other = runnable(8);

	(void)state;
	sched_set(p, 8, 5);
	sched_requeue(other);
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(sched_pick(), p);
		tick();
		sleep_and_wake(p);
	}
	assert_ptr_equal(sched_pick(), p);
	tick();
	assert_ptr_equal(sched_pick(), other);
}

/* With its turn used up a process waits for the others, whatever it does. */
static void waking_does_not_begin_a_turn_anew(void **state)
{
	struct proc *p = runnable(8), *other = runnable(8);

	(void)state;
	ticks(3);
	sleep_and_wake(p); /* the last of one round is the first of the next */
	ticks(3);
	for (int i = 0; i < 2; i++) {
		assert_ptr_equal(sched_pick(), other);
		sleep_and_wake(p);
		assert_ptr_equal(sched_pick(), other);
		tick();
	}
	tick();
	assert_ptr_equal(sched_pick(), p);
}

/* It sleeps when its turn is over: that is no way to have another before all others have had theirs. */
static void with_two_others_a_sleeper_has_a_third(void **state)
{
	struct proc *gamer;
	int had = 0;

	(void)state;
	runnable(8);
	runnable(8);
	gamer = runnable(8);
	for (int i = 0; i < 900; i++) {
		if (sched_pick() == gamer)
			proc_set_flags(gamer, RTS_RECEIVING);
		tick();
		sleep_and_wake(gamer);
		had += sched_pick() == gamer;
	}
	assert_in_range(had, 250, 350);
}

static void who_slept_while_the_others_had_their_turns_has_a_new_one(void **state)
{
	struct proc *sleeper = runnable(8), *hog = runnable(8), *hog2 = runnable(8);

	(void)state;
	ticks(3 * 3 + 2); /* a round, and two of three in the next */
	proc_set_flags(sleeper, RTS_RECEIVING);
	ticks(7);
	proc_clear_flags(sleeper, RTS_RECEIVING);
	assert_ptr_equal(sched_pick(), sleeper);
	ticks(2);
	assert_ptr_equal(sched_pick(), sleeper);
	tick();
	assert_true(sched_pick() == hog || sched_pick() == hog2);
}

/* Each ends when it has forked: a chain that would have the processor for ever if each link had a quantum. */
static void a_chain_of_forks_has_one_quantum(void **state)
{
	struct proc *hog = runnable(8), *link = runnable(8);
	int had = 0;

	(void)state;
	for (int i = 0; i < 600; i++) {
		if (sched_pick() == link) {
			struct proc *child = proc_allocate();

			sched_inherit(child, link);
			proc_clear_flags(child, RTS_NO_IMAGE);
			proc_free(link);
			link = child;
		}
		tick();
		had += sched_pick() == hog;
	}
	assert_in_range(had, 250, 400);
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

		switch (rand() % 5) {
		case 0:
			proc_set_flags(p, 1u << (2 + rand() % 6));
			break;
		case 1:
			proc_clear_flags(p, p->rts_flags);
			break;
		case 2:
			sched_set(p, rand() % SCHED_PRIORITIES, 1 + rand() % 5);
			break;
		case 3:
			sleep_and_wake(p);
			break;
		default:
			tick();
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
	        cmocka_unit_test_teardown(who_wakes_goes_first, end_all),
	        cmocka_unit_test_teardown(who_sleeps_at_the_tick_has_its_quantum_and_no_more, end_all),
	        cmocka_unit_test_teardown(who_wake_each_other_do_not_starve_a_third, end_all),
	        cmocka_unit_test_teardown(a_tick_is_taken_once_though_it_wakes_and_runs_on, end_all),
	        cmocka_unit_test_teardown(waking_does_not_begin_a_turn_anew, end_all),
	        cmocka_unit_test_teardown(with_two_others_a_sleeper_has_a_third, end_all),
	        cmocka_unit_test_teardown(who_slept_while_the_others_had_their_turns_has_a_new_one, end_all),
	        cmocka_unit_test_teardown(a_chain_of_forks_has_one_quantum, end_all),
	        cmocka_unit_test_teardown(random_operations_keep_the_queues_whole, end_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
