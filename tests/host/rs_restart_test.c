/* SPDX-License-Identifier: MIT */
/* links: servers/rs/restart.c */
/* Whether and when services are restarted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "servers/rs/restart.h"

static const struct restart_rule always = {.policy = RESTART_ALWAYS};
static const struct restart_rule on_failure = {.policy = RESTART_ON_FAILURE};
static const struct restart_rule never = {.policy = RESTART_NEVER};
static const struct restart_rule three = {.policy = RESTART_ALWAYS, .give_up = 3};

static struct restart_record record;
static uint64_t delay;

static int clear(void **state)
{
	(void)state;
	record = (struct restart_record){0};
	delay = 0;
	return 0;
}

static enum restart_verdict failed_after(const struct restart_rule *rule, uint64_t ran_nsecs)
{
	return restart_judge(rule, &record, ENDED_BADLY, ran_nsecs, &delay);
}

static void the_first_restart_is_at_once(void **state)
{
	static const enum restart_end ends[] = {ENDED_WELL, ENDED_BADLY};

	(void)state;
	for (int i = 0; i < 2; i++) {
		record = (struct restart_record){0};
		assert_int_equal(restart_judge(&always, &record, ends[i], 0, &delay), RESTART_AT_ONCE);
		assert_int_equal(delay, 0);
		assert_int_equal(restart_judge(&always, &record, ends[i], 0, &delay), RESTART_LATER);
		assert_int_equal(delay, RESTART_DELAY_MIN_NSECS);
	}
}

static void delays_double_up_to_a_limit(void **state)
{
	uint64_t last = RESTART_DELAY_MIN_NSECS;

	(void)state;
	assert_int_equal(failed_after(&always, 0), RESTART_AT_ONCE);
	for (int i = 0; i < 3; i++, last *= 2) {
		assert_int_equal(failed_after(&always, 0), RESTART_LATER);
		assert_int_equal(delay, last);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(failed_after(&always, 0), RESTART_LATER);
	assert_int_equal(delay, RESTART_DELAY_MAX_NSECS);
}

/* Else who tries would go round in a circle as long as there is no memory. */
static void what_could_not_start_is_never_tried_again_at_once(void **state)
{
	uint64_t last = RESTART_DELAY_MIN_NSECS;

	(void)state;
	for (int i = 0; i < 3; i++, last *= 2) {
		assert_int_equal(restart_judge(&always, &record, NOT_STARTED, 0, &delay), RESTART_LATER);
		assert_int_equal(delay, last);
	}
	assert_int_equal(restart_judge(&always, &record, NOT_STARTED, RESTART_SOUND_NSECS, &delay),
	                 RESTART_LATER);
	assert_int_equal(delay, RESTART_DELAY_MIN_NSECS);
	record = (struct restart_record){0};
	assert_int_equal(failed_after(&on_failure, 0), RESTART_AT_ONCE);
	assert_int_equal(restart_judge(&on_failure, &record, NOT_STARTED, 0, &delay), RESTART_LATER);
	assert_int_equal(delay, RESTART_DELAY_MIN_NSECS);
	assert_int_equal(restart_judge(&three, &record, NOT_STARTED, 0, &delay), RESTART_GIVEN_UP);
	assert_int_equal(restart_judge(&never, &record, NOT_STARTED, 0, &delay), RESTART_NOT);
}

static void the_record_does_not_wrap(void **state)
{
	(void)state;
	record = (struct restart_record){.short_runs = UINT32_MAX, .failures = UINT32_MAX};
	assert_int_equal(failed_after(&always, 0), RESTART_LATER);
	assert_int_equal(delay, RESTART_DELAY_MAX_NSECS);
	assert_int_equal(record.short_runs, UINT32_MAX);
	assert_int_equal(record.failures, UINT32_MAX);
}

static void a_sound_run_clears_the_record(void **state)
{
	(void)state;
	record = (struct restart_record){.short_runs = 50, .failures = 50};
	assert_int_equal(failed_after(&always, RESTART_SOUND_NSECS - 1), RESTART_LATER);
	assert_int_equal(delay, RESTART_DELAY_MAX_NSECS);
	assert_int_equal(failed_after(&always, RESTART_SOUND_NSECS), RESTART_AT_ONCE);
	assert_int_equal(record.failures, 1);
	assert_int_equal(failed_after(&always, RESTART_SOUND_NSECS - 1), RESTART_LATER);
	assert_int_equal(delay, RESTART_DELAY_MIN_NSECS);
}

static void policies_differ_in_what_a_good_end_leads_to(void **state)
{
	static const struct {
		const struct restart_rule *rule;
		enum restart_end end;
		enum restart_verdict verdict;
	} cases[] = {
	        {&always, ENDED_WELL, RESTART_AT_ONCE},    {&always, ENDED_BADLY, RESTART_AT_ONCE},
	        {&on_failure, ENDED_WELL, RESTART_NOT},    {&on_failure, ENDED_BADLY, RESTART_AT_ONCE},
	        {&never, ENDED_WELL, RESTART_NOT},         {&never, ENDED_BADLY, RESTART_NOT},
	        {&on_failure, NOT_STARTED, RESTART_LATER},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		record = (struct restart_record){0};
		assert_int_equal(restart_judge(cases[i].rule, &record, cases[i].end, 0, &delay),
		                 cases[i].verdict);
	}
}

static void so_many_failures_in_a_row_are_the_end(void **state)
{
	(void)state;
	assert_int_equal(failed_after(&three, 0), RESTART_AT_ONCE);
	assert_int_equal(failed_after(&three, RESTART_SOUND_NSECS - 1), RESTART_LATER);
	assert_int_equal(failed_after(&three, 0), RESTART_GIVEN_UP);
}

static void a_sound_run_or_a_good_end_breaks_the_row(void **state)
{
	(void)state;
	assert_int_equal(restart_judge(&three, &record, ENDED_WELL, 0, &delay), RESTART_AT_ONCE);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(failed_after(&three, 0), RESTART_LATER);
		assert_int_equal(failed_after(&three, 0), RESTART_LATER);
		assert_int_equal(restart_judge(&three, &record, ENDED_WELL, 0, &delay), RESTART_LATER);
	}
	assert_int_equal(failed_after(&three, 0), RESTART_LATER);
	assert_int_equal(failed_after(&three, 0), RESTART_LATER);
	assert_int_equal(failed_after(&three, RESTART_SOUND_NSECS), RESTART_AT_ONCE);
	assert_int_equal(failed_after(&three, 0), RESTART_LATER);
	assert_int_equal(failed_after(&three, 0), RESTART_GIVEN_UP);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
	        TEST(the_first_restart_is_at_once),
	        TEST(delays_double_up_to_a_limit),
	        TEST(what_could_not_start_is_never_tried_again_at_once),
	        TEST(the_record_does_not_wrap),
	        TEST(a_sound_run_clears_the_record),
	        TEST(policies_differ_in_what_a_good_end_leads_to),
	        TEST(so_many_failures_in_a_row_are_the_end),
	        TEST(a_sound_run_or_a_good_end_breaks_the_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
