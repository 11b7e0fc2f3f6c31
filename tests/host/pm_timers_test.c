/* SPDX-License-Identifier: MIT */
/* links: servers/pm/timers.c */
/* PM's timer queue against a plain list of times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "servers/pm/timers.h"

#include "seed.h"

#define TIMERS 200

static struct timer *heap[TIMERS + 1];
static struct timer_queue queue;
static struct timer timers[TIMERS];

static int reset(void **state)
{
	(void)state;
	memset(timers, 0, sizeof(timers));
	queue = (struct timer_queue){.heap = heap, .capacity = TIMERS + 1};
	return 0;
}

static void check_queue(void)
{
	for (uint32_t i = 1; i <= queue.count; i++) {
		assert_int_equal(queue.heap[i]->place, i);
		if (i > 1)
			assert_true(queue.heap[i / 2]->when <= queue.heap[i]->when);
	}
}

static void an_empty_queue_has_no_first_timer(void **state)
{
	(void)state;
	assert_null(timer_first(&queue));
	assert_null(timer_take_expired(&queue, UINT64_MAX));
}

static void timers_expire_in_order_and_not_early(void **state)
{
	(void)state;
	timer_set(&queue, &timers[0], 30);
	timer_set(&queue, &timers[1], 10);
	timer_set(&queue, &timers[2], 20);
	assert_ptr_equal(timer_first(&queue), &timers[1]);
	assert_null(timer_take_expired(&queue, 9));
	assert_ptr_equal(timer_take_expired(&queue, 25), &timers[1]);
	assert_ptr_equal(timer_take_expired(&queue, 25), &timers[2]);
	assert_null(timer_take_expired(&queue, 25));
	assert_false(timer_queued(&timers[1]));
	assert_true(timer_queued(&timers[0]));
}

static void a_queued_timer_can_be_moved(void **state)
{
	(void)state;
	timer_set(&queue, &timers[0], 10);
	timer_set(&queue, &timers[1], 20);
	timer_set(&queue, &timers[0], 30);
	assert_int_equal(queue.count, 2);
	assert_ptr_equal(timer_take_expired(&queue, 100), &timers[1]);
	assert_ptr_equal(timer_take_expired(&queue, 100), &timers[0]);
}

static void cancelling_twice_is_harmless(void **state)
{
	(void)state;
	timer_set(&queue, &timers[0], 10);
	timer_cancel(&queue, &timers[0]);
	timer_cancel(&queue, &timers[0]);
	assert_int_equal(queue.count, 0);
}

static void the_last_moment_is_a_time_too(void **state)
{
	(void)state;
	timer_set(&queue, &timers[0], UINT64_MAX);
	assert_null(timer_take_expired(&queue, UINT64_MAX - 1));
	assert_ptr_equal(timer_take_expired(&queue, UINT64_MAX), &timers[0]);
}

static struct timer *earliest(void)
{
	struct timer *first = NULL;

	for (int i = 0; i < TIMERS; i++)
		if (timer_queued(&timers[i]) && (!first || timers[i].when < first->when))
			first = &timers[i];
	return first;
}

static void random_use_agrees_with_a_list(void **state)
{
	unsigned seed = test_seed();

	(void)state;
	srand(seed);
	for (int step = 0; step < 50000; step++) {
		struct timer *timer = &timers[rand() % TIMERS], *first;

		switch (rand() % 4) {
		case 0:
			timer_cancel(&queue, timer);
			break;
		case 1:
			first = earliest();
			if (first) {
				uint64_t when = first->when;
				assert_int_equal(timer_take_expired(&queue, when)->when, when);
			}
			break;
		default:
			timer_set(&queue, timer, (uint64_t)(rand() % 1000));
		}
		check_queue();
		first = earliest();
		assert_true(first ? timer_first(&queue)->when == first->when : !timer_first(&queue));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
	        TEST(an_empty_queue_has_no_first_timer), TEST(timers_expire_in_order_and_not_early),
	        TEST(a_queued_timer_can_be_moved),       TEST(cancelling_twice_is_harmless),
	        TEST(the_last_moment_is_a_time_too),     TEST(random_use_agrees_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
