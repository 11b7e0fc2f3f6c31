/* SPDX-License-Identifier: MIT */
/* links: servers/ds/later.c */
/* What goes on between requests, and the requests that wait for it. The store here is a number of parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "servers/ds/ds.h"
#include "servers/ds/ranges.h"

#define WAITS  2000 /* endpoints from here on wait while anything is unfinished */
#define LISTED 600

static uint32_t parts, owners_parts, ranges_parts; /* still to be done */
static uint32_t work_done, work_of_one;            /* the store's count; what serving one request takes */
static uint32_t alarms;                            /* that are set, and have not come */
static int begins;                                 /* each request that is served begins something */
static char log_of[LISTED];

struct store *store;

void __sanitizer_cov_trace_pc(void);

/* It is compiled to be killed, too, by other tests. */
void __sanitizer_cov_trace_pc(void)
{
}

static void note(const char *format, ...)
{
	size_t length = strlen(log_of);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(log_of + length, sizeof(log_of) - length, format, arguments);
	va_end(arguments);
}

/* ---- What later.c asks ---- */

struct store_caller request_caller(endpoint_t caller)
{
	return (struct store_caller){.is_rs = caller == RS_PROC_NR, .owner = {.endpoint = caller}};
}

int store_must_wait(const struct store *of, const struct store_owner *owner)
{
	(void)of;
	return parts > 0 && owner->endpoint >= WAITS;
}

int store_is_unfinished(const struct store *of)
{
	(void)of;
	return parts > 0;
}

uint32_t store_work(const struct store *of)
{
	(void)of;
	return work_done;
}

int store_go_on(struct store *of, uint32_t work)
{
	(void)of;
	work_done = parts > 0 ? work : 0;
	parts -= parts > 0;
	return parts > 0;
}

int owners_are_looked_at(void)
{
	return owners_parts > 0;
}

void owners_go_on(void)
{
	owners_parts -= owners_parts > 0;
}

int ranges_are_looked_at(void)
{
	return ranges_parts > 0;
}

void ranges_go_on(void)
{
	ranges_parts -= ranges_parts > 0;
}

int ranges_must_wait(endpoint_t caller)
{
	return ranges_parts > 0 && caller % 2;
}

void ranges_release(void)
{
}

void wake_all(void)
{
}

int ds_serve(endpoint_t caller, int32_t operation, const void *request, void *reply)
{
	note("%d:%d:%d ", caller, operation, ((const uint8_t *)request)[0]);
	memset(reply, 0, 1);
	work_done += work_of_one;
	parts += begins > 0;
	begins -= begins > 0;
	later_go_on();
	return operation == 7 ? SERVER_NO_REPLY : OK;
}

int peer_set_alarm(uint32_t nsecs)
{
	assert_in_range(nsecs, 1, 100000000);
	alarms++;
	return 1;
}

int peer_answer(endpoint_t client, int result, const void *reply, uint32_t bytes)
{
	assert_non_null(reply);
	assert_int_equal(bytes, MESSAGE_PAYLOAD);
	note("=%d,%d ", client, result);
	return OK;
}

/* ---- */

static int begin(void **state)
{
	(void)state;
	later_begin();
	parts = owners_parts = ranges_parts = work_done = work_of_one = alarms = 0;
	begins = 0;
	log_of[0] = '\0';
	return 0;
}

static void alarm_comes(void)
{
	assert_int_equal(alarms, 1);
	alarms = 0;
	later_alarm();
}

static void ask(endpoint_t caller, int32_t operation, uint8_t first)
{
	uint8_t request[MESSAGE_PAYLOAD] = {first};

	assert_true(later_is_busy);
	assert_true(later_must_wait(caller));
	assert_int_equal(later_hold(caller, operation, request), SERVER_NO_REPLY);
}

static const char *served(void)
{
	static char text[LISTED];

	strcpy(text, log_of);
	log_of[0] = '\0';
	return text;
}

static void one_part_is_done_at_once_and_the_others_by_the_clock(void **state)
{
	(void)state;
	later_go_on();
	assert_false(later_is_busy);
	parts = 3;
	later_go_on();
	assert_int_equal(parts, 2);
	assert_true(later_is_busy);
	later_go_on(); /* another request is served meanwhile */
	later_go_on();
	assert_int_equal(parts, 2);
	alarm_comes();
	alarm_comes();
	assert_int_equal(parts, 0);
	assert_int_equal(alarms, 0);
	assert_false(later_is_busy);
}

static void requests_are_held_and_served_in_the_order_in_which_they_came(void **state)
{
	(void)state;
	parts = 3;
	later_go_on();
	assert_false(later_must_wait(WAITS - 1));
	assert_false(later_must_wait(RS_PROC_NR));
	ask(WAITS + 5, 1, 10);
	ask(WAITS + 3, 7, 11);
	ask(WAITS + 9, 2, 12);
	alarm_comes();
	assert_string_equal(served(), "");
	alarm_comes();
	assert_string_equal(served(), "2005:1:10 =2005,0 2003:7:11 2009:2:12 =2009,0 ");
	assert_false(later_is_busy);
	assert_int_equal(alarms, 0);
}

static void who_asks_again_is_served_once_and_the_dead_are_not_served(void **state)
{
	(void)state;
	parts = 2;
	later_go_on();
	ask(WAITS + 1, 1, 1);
	ask(WAITS + 2, 1, 2);
	ask(WAITS + 3, 1, 3);
	ask(WAITS + 1, 2, 4);
	later_forget(WAITS + 2);
	later_forget(WAITS + 7);
	ask(WAITS + 3 + ENDPOINT_SLOTS, 1, 5); /* it has the place of one that has died */
	later_forget(WAITS + 3);
	alarm_comes();
	assert_string_equal(served(), "2001:2:4 =2001,0 3027:1:5 =3027,0 ");
}

static void what_a_held_request_begins_goes_on_by_itself(void **state)
{
	(void)state;
	parts = 2;
	later_go_on();
	begins = 1;
	ask(WAITS + 1, 1, 1);
	ask(WAITS + 2, 1, 2);
	alarm_comes();
	assert_string_equal(served(), "2001:1:1 =2001,0 "); /* the other one waits for what this has begun */
	assert_true(later_is_busy);
	alarm_comes();
	assert_string_equal(served(), "2002:1:2 =2002,0 ");
	assert_false(later_is_busy);
}

static void requests_that_take_long_are_not_all_served_at_once(void **state)
{
	(void)state;
	parts = 2;
	later_go_on();
	work_of_one = STORE_WORK;
	for (int i = 0; i < 3; i++)
		ask(WAITS + i, 1, 0);
	for (int i = 0; i < 3; i++) {
		char expected[40];

		assert_true(later_is_busy);
		alarm_comes();
		sprintf(expected, "%d:1:0 =%d,0 ", WAITS + i, WAITS + i);
		assert_string_equal(served(), expected);
	}
	assert_false(later_is_busy);
}

/* What the store counts is not all. */
static void nor_are_very_many(void **state)
{
	int count = 0, parts_taken = 0;

	(void)state;
	parts = 2;
	later_go_on();
	for (int i = 0; i < 100; i++)
		ask(WAITS + i, 7, 0);
	for (; later_is_busy; parts_taken++) {
		int before = count;

		alarm_comes();
		for (const char *at = served(); (at = strchr(at, ' ')) != NULL; at++)
			count++;
		assert_in_range(count - before, 1, 30);
	}
	assert_int_equal(count, 100);
	assert_in_range(parts_taken, 4, 10);
}

static void all_wait_for_owners_and_who_has_ranges_for_ranges(void **state)
{
	(void)state;
	owners_parts = ranges_parts = 2;
	later_go_on();
	assert_true(later_must_wait(1100));
	assert_false(later_must_wait(RS_PROC_NR));
	assert_int_equal(ranges_parts, 2); /* not before the owners */
	alarm_comes();
	assert_int_equal(ranges_parts, 1);
	assert_false(later_must_wait(1100));
	assert_true(later_must_wait(1101));
	alarm_comes();
	assert_false(later_must_wait(1101));
	assert_int_equal(alarms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(one_part_is_done_at_once_and_the_others_by_the_clock, begin),
	        cmocka_unit_test_setup(requests_are_held_and_served_in_the_order_in_which_they_came, begin),
	        cmocka_unit_test_setup(who_asks_again_is_served_once_and_the_dead_are_not_served, begin),
	        cmocka_unit_test_setup(what_a_held_request_begins_goes_on_by_itself, begin),
	        cmocka_unit_test_setup(requests_that_take_long_are_not_all_served_at_once, begin),
	        cmocka_unit_test_setup(nor_are_very_many, begin),
	        cmocka_unit_test_setup(all_wait_for_owners_and_who_has_ranges_for_ranges, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
