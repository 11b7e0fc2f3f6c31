/* SPDX-License-Identifier: MIT */
/* links: servers/ds/quotas.c */
/* How many mapped ranges and snapshots there may be: nobody takes the room from others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/vm.h>

#include "servers/ds/ds.h"
#include "servers/ds/quotas.h"
#include "servers/ds/ranges.h"

#define PAGE     4096u
#define MIB      0x100000u
#define SERVICES 300 /* who is below has a label */

/* By its number. */
static endpoint_t who(uint32_t number)
{
	return ENDPOINT_MAKE(number, 1);
}

struct store_caller request_caller(endpoint_t caller)
{
	struct store_caller is = {.owner = {.endpoint = caller}};

	if (ENDPOINT_SLOT(caller) < SERVICES)
		snprintf(is.owner.label, sizeof(is.owner.label), "s%d", ENDPOINT_SLOT(caller));
	return is;
}

#define SERVICE(i) who((uint32_t)(i))
#define PROCESS(i) who(SERVICES + (uint32_t)(i))

static struct store_map map_of(endpoint_t publisher, uint32_t bytes, uint32_t number)
{
	return (struct store_map){
	        .length = bytes, .number = number, .server = {[RANGE_PUBLISHER] = (uint32_t)publisher}};
}

static int publish(endpoint_t publisher, uint32_t bytes)
{
	const struct store_caller caller = request_caller(publisher);
	const struct store_map map = map_of(publisher, bytes, 0);
	int result = quotas_may_publish(&caller, bytes);

	if (result == OK)
		quotas_add(&map);
	return result;
}

static int snapshot(endpoint_t of, endpoint_t by, uint32_t bytes)
{
	const struct store_caller caller = request_caller(by);
	const struct store_map range = map_of(of, bytes, 0), map = map_of(of, bytes, 1);
	int result = quotas_may_snapshot(&caller, &range);

	if (result == OK)
		quotas_add(&map);
	return result;
}

static void drop(endpoint_t of, uint32_t bytes, uint32_t number)
{
	const struct store_map map = map_of(of, bytes, number);

	quotas_take_away(&map);
}

/* How many more there may be, and then why not. */
static uint32_t publish_all(endpoint_t publisher, uint32_t bytes, int why)
{
	uint32_t count = 0;
	int result;

	while ((result = publish(publisher, bytes)) == OK)
		count++;
	assert_int_equal(result, why);
	return count;
}

static uint32_t snapshot_all(endpoint_t of, endpoint_t by, uint32_t bytes, int why)
{
	uint32_t count = 0;
	int result;

	while ((result = snapshot(of, by, bytes)) == OK)
		count++;
	assert_int_equal(result, why);
	return count;
}

static int setup(void **state)
{
	(void)state;
	quotas_begin();
	return 0;
}

/* ---- Ranges ---- */

static void each_may_publish_so_much(void **state)
{
	(void)state;
	assert_int_equal(publish_all(PROCESS(0), PAGE, -EDQUOT), 64);
	assert_int_equal(publish_all(PROCESS(1), 16 * MIB, -EDQUOT), 2);
	assert_int_equal(publish_all(SERVICE(0), PAGE, -EDQUOT), 256);
	assert_int_equal(publish_all(SERVICE(1), 16 * MIB, -EDQUOT), 8);
	drop(PROCESS(0), PAGE, 0);
	assert_int_equal(publish_all(PROCESS(0), PAGE, -EDQUOT), 1);
}

static void processes_together_leave_a_quarter_of_the_ranges(void **state)
{
	uint32_t all = 0;

	(void)state;
	for (int i = 0; i < 7; i++)
		all += publish_all(PROCESS(i), PAGE, -EDQUOT);
	all += publish_all(PROCESS(7), PAGE, -ENOSPC);
	assert_int_equal(all, VM_LENDINGS_MIN / 4 * 3);
	assert_int_equal(publish(PROCESS(8), PAGE), -ENOSPC);
	assert_int_equal(publish_all(SERVICE(0), PAGE, -ENOSPC), VM_LENDINGS_MIN / 4);
	drop(PROCESS(0), PAGE, 0);
	assert_int_equal(publish(PROCESS(8), PAGE), -ENOSPC);
	assert_int_equal(publish(SERVICE(1), PAGE), OK);
}

/* ---- Snapshots ---- */

static void each_owner_s_ranges_may_have_so_many_snapshots(void **state)
{
	(void)state;
	assert_int_equal(snapshot_all(PROCESS(0), PROCESS(0), PAGE, -EDQUOT), 16);
	assert_int_equal(snapshot_all(PROCESS(1), PROCESS(1), MIB, -EDQUOT), 4);
	assert_int_equal(snapshot_all(SERVICE(0), SERVICE(0), PAGE, -EDQUOT), 48);
	assert_int_equal(snapshot(SERVICE(1), SERVICE(1), 16 * MIB), OK);
	assert_int_equal(snapshot(SERVICE(1), SERVICE(1), PAGE), -EDQUOT);
	drop(PROCESS(0), PAGE, 1);
	assert_int_equal(snapshot_all(PROCESS(0), PROCESS(0), PAGE, -EDQUOT), 1);
}

static void others_leave_a_quarter_to_the_owner(void **state)
{
	(void)state;
	assert_int_equal(snapshot_all(PROCESS(0), PROCESS(1), PAGE, -EDQUOT), 12);
	assert_int_equal(snapshot(PROCESS(0), SERVICE(0), PAGE), -EDQUOT);
	assert_int_equal(snapshot_all(PROCESS(0), PROCESS(0), PAGE, -EDQUOT), 4);
	assert_int_equal(snapshot_all(SERVICE(0), PROCESS(1), PAGE, -EDQUOT), 36);
	assert_int_equal(snapshot_all(SERVICE(0), SERVICE(0), PAGE, -EDQUOT), 12);
}

/* Whosever ranges they take them of. */
static void processes_together_leave_a_quarter_of_the_snapshots(void **state)
{
	uint32_t all = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		all += snapshot_all(SERVICE(i), PROCESS(0), PAGE, -EDQUOT);
	assert_int_equal(all, 144);
	assert_int_equal(snapshot(SERVICE(4), PROCESS(0), PAGE), -ENOSPC);
	assert_int_equal(snapshot(PROCESS(1), PROCESS(1), PAGE), -ENOSPC);
	assert_int_equal(snapshot_all(SERVICE(0), SERVICE(0), PAGE, -EDQUOT), 12);
	assert_int_equal(snapshot_all(SERVICE(4), SERVICE(4), PAGE, -ENOSPC), 36);
}

static void processes_together_leave_a_quarter_of_the_memory(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		assert_int_equal(snapshot(PROCESS(i), PROCESS(i), 4 * MIB), OK);
	assert_int_equal(snapshot(PROCESS(6), PROCESS(6), 4 * MIB), -ENOSPC);
	assert_int_equal(snapshot(SERVICE(0), SERVICE(0), 8 * MIB), OK);
	assert_int_equal(snapshot(SERVICE(0), SERVICE(0), PAGE), -ENOSPC);
}

/* What its predecessor in the slot has left to be released is not its own. */
static void a_slot_s_next_process_begins_with_nothing(void **state)
{
	endpoint_t next = ENDPOINT_MAKE(SERVICES, 2);

	(void)state;
	publish_all(PROCESS(0), PAGE, -EDQUOT);
	snapshot_all(PROCESS(0), PROCESS(0), PAGE, -EDQUOT);
	assert_true(quotas_has_ranges(PROCESS(0)));
	assert_false(quotas_has_ranges(next));
	assert_int_equal(publish(next, PAGE), OK);
	drop(PROCESS(0), PAGE, 0);
	drop(PROCESS(0), PAGE, 1);
	assert_true(quotas_has_ranges(next));
	assert_int_equal(publish_all(next, PAGE, -EDQUOT), 63);
	assert_int_equal(snapshot_all(next, next, PAGE, -EDQUOT), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(each_may_publish_so_much, setup),
	        cmocka_unit_test_setup(processes_together_leave_a_quarter_of_the_ranges, setup),
	        cmocka_unit_test_setup(each_owner_s_ranges_may_have_so_many_snapshots, setup),
	        cmocka_unit_test_setup(others_leave_a_quarter_to_the_owner, setup),
	        cmocka_unit_test_setup(processes_together_leave_a_quarter_of_the_snapshots, setup),
	        cmocka_unit_test_setup(processes_together_leave_a_quarter_of_the_memory, setup),
	        cmocka_unit_test_setup(a_slot_s_next_process_begins_with_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
