/* SPDX-License-Identifier: MIT */
/* links: servers/ds/store_*.c servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c
 * servers/ds/pattern*.c servers/ds/watch.c tests/host/ds_world.c tests/host/ds_state.c */
/* Labels, mapped ranges and snapshots, and the death of owners. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ds_world.h"

#define SNAPSHOTS 300 /* more than records of the undo log: they end at one stroke, too */

static int may_snapshot(const struct store_caller *caller, const char *text)
{
	struct store_key key = key_of(DS_TYPE_MAP, text);

	return store_may_snapshot(store, caller, &key);
}

static int snapshot(const struct store_caller *caller, const char *text, uint32_t address, uint32_t *number)
{
	struct store_key key = key_of(DS_TYPE_MAP, text);
	struct store_map map = {.address = address};

	return store_snapshot(store, caller, &key, &map, number);
}

static int drop(const struct store_caller *caller, const char *text, uint32_t number)
{
	struct store_key key = key_of(DS_TYPE_MAP, text);

	return store_drop_snapshot(store, caller, &key, number);
}

static int address_of(const char *text, uint32_t number)
{
	struct store_key key = key_of(DS_TYPE_MAP, text);
	struct store_map map;
	int result = store_retrieve_map(store, &bob, &key, number, &map);

	return result == OK ? (int)map.address : result;
}

/* The addresses of all that waits to be unmapped, which is unmapped then. */
static const char *released(void)
{
	static char text[400];
	struct store_map map;

	text[0] = '\0';
	for (; store_release_next(store, &map) == OK; store_released(store))
		sprintf(text + strlen(text), "%x ", map.address);
	return text;
}

/* ---- Labels ---- */

static void labels_and_endpoints_are_one_to_one(void **state)
{
	struct store_key key = key_of(DS_TYPE_LABEL, "eth");
	char label[DS_KEY_SIZE];
	struct store_entry entry;

	(void)state;
	assert_int_equal(publish_label("eth", 1300, 0), OK);
	assert_int_equal(publish_label("eth", 1301, 0), -EEXIST);
	assert_int_equal(publish_label("disk", 1300, 0), -EEXIST);
	assert_int_equal(publish_label("disk", 1300, DSF_OVERWRITE), -EEXIST);
	assert_int_equal(publish_label("disk", 1301, 0), OK);
	assert_int_equal(publish_label("disk", 1300, DSF_OVERWRITE), -EEXIST);
	assert_int_equal(publish_label("eth", 1302, DSF_OVERWRITE), OK);
	assert_int_equal(publish_label("eth", 1302, DSF_OVERWRITE), OK);
	assert_int_equal(store_label_name(store, 1300, label), -ESRCH);
	assert_int_equal(store_label_name(store, 1302, label), OK);
	assert_string_equal(label, "eth");
	assert_int_equal(store_retrieve(store, &bob, &key, NULL, 0, &entry), OK);
	assert_int_equal(entry.number, 1302);
	assert_int_equal(store_delete(store, &root, &key), OK);
	assert_int_equal(store_label_name(store, 1302, label), -ESRCH);
	assert_int_equal(publish_label("disk", 1302, DSF_OVERWRITE), OK);
}

static void labels_are_rs_s_alone(void **state)
{
	struct store_key key = key_of(DS_TYPE_LABEL, "eth");

	(void)state;
	assert_int_equal(store_publish_label(store, &eth, &key, 1300, 0), -EPERM);
	assert_int_equal(publish_label("eth", 1300, 0), OK);
	assert_int_equal(store_publish_label(store, &ann, &key, 1301, DSF_OVERWRITE), -EPERM);
	assert_int_equal(store_delete(store, &eth, &key), -EPERM);
	root.is_rs = 0; /* the label alone does not make it RS */
	assert_int_equal(store_delete(store, &root, &key), -EPERM);
	assert_int_equal(publish_label("eth", ANY, DSF_OVERWRITE), -EINVAL);
	assert_int_equal(publish_label("eth", NONE, DSF_OVERWRITE), -EINVAL);
}

/* ---- Mapped ranges ---- */

static void snapshots_are_known_by_number(void **state)
{
	uint32_t number;

	(void)state;
	assert_int_equal(may_snapshot(&bob, "m"), -ESRCH);
	assert_int_equal(publish_map(&ann, "m", 0x100, 0), OK);
	assert_int_equal(address_of("m", 0), 0x100);
	assert_int_equal(address_of("m", 1), -ENOENT);
	for (uint32_t i = 1; i <= SNAPSHOTS; i++) {
		assert_int_equal(may_snapshot(&bob, "m"), OK);
		assert_int_equal(snapshot(i % 2 ? &ann : &bob, "m", i, &number), OK);
		assert_int_equal(number, i);
	}
	world_reopen();
	for (uint32_t i = 1; i <= SNAPSHOTS; i++)
		assert_int_equal(address_of("m", i), i);
	assert_int_equal(address_of("m", SNAPSHOTS + 1), -ENOENT);
	assert_int_equal(address_of("m", UINT32_MAX), -ENOENT);
}

static void a_snapshot_that_is_dropped_leaves_the_others(void **state)
{
	uint32_t number;

	(void)state;
	assert_int_equal(drop(&ann, "m", 1), -ESRCH);
	assert_int_equal(publish_map(&ann, "m", 0x100, 0), OK);
	for (uint32_t i = 1; i <= 4; i++)
		assert_int_equal(snapshot(&bob, "m", 0x100 + i, &number), OK);
	assert_int_equal(drop(&bob, "m", 2), -EPERM);
	assert_int_equal(drop(&ann, "m", 2), OK);
	assert_int_equal(drop(&ann, "m", 2), -ENOENT);
	assert_int_equal(drop(&ann, "m", 5), -ENOENT);
	assert_int_equal(drop(&ann, "m", 0), -ENOENT);
	assert_int_equal(drop(&ann, "m", UINT32_MAX), -ENOENT);
	world_reopen();
	assert_string_equal(released(), "102 ");
	assert_int_equal(address_of("m", 0), 0x100);
	assert_int_equal(address_of("m", 1), 0x101);
	assert_int_equal(address_of("m", 2), -ENOENT);
	assert_int_equal(address_of("m", 3), 0x103);
	assert_int_equal(drop(&ann, "m", 4), OK);
	assert_int_equal(drop(&ann, "m", 1), OK);
	assert_string_equal(released(), "104 101 ");
	assert_int_equal(snapshot(&ann, "m", 0x105, &number), OK);
	assert_int_equal(number, 5);
	owner_died(&ann);
	assert_string_equal(released(), "100 105 103 ");
}

static void ranges_that_have_ended_wait_to_be_unmapped(void **state)
{
	uint64_t position = 0;
	struct store_map map;
	uint32_t number;

	(void)state;
	assert_int_equal(publish_map(&ann, "m", 0x100, 0), OK);
	assert_int_equal(snapshot(&ann, "m", 0x101, &number), OK);
	assert_int_equal(snapshot(&ann, "m", 0x102, &number), OK);
	assert_int_equal(publish_map(&bob, "m", 0x200, DSF_OVERWRITE), -EPERM);
	assert_int_equal(publish_map(&ann, "m", 0x200, DSF_OVERWRITE), OK);
	assert_int_equal(address_of("m", 1), -ENOENT);
	assert_int_equal(snapshot(&ann, "m", 0x201, &number), OK);
	assert_int_equal(number, 1);
	assert_int_equal(publish_map(&eth, "n", 0x300, 0), OK);
	world_reopen();
	assert_string_equal(released(), "100 102 101 ");
	owner_died(&ann);
	owner_died(&eth);
	assert_string_equal(released(), "200 201 300 ");
	assert_int_equal(store_release_next(store, &map), -ENOENT);
	store_released(store);
	assert_int_equal(store_map_next(store, &position, &map, NULL), -ENOENT);
}

static void a_successor_finds_all_ranges(void **state)
{
	uint32_t number, sum = 0, count = 0;
	uint64_t position = 0;
	struct store_map map;

	(void)state;
	assert_int_equal(publish_u32(&ann, "u", 1, 0), OK);
	assert_int_equal(publish_map(&ann, "m", 1, 0), OK);
	assert_int_equal(snapshot(&bob, "m", 2, &number), OK);
	assert_int_equal(snapshot(&bob, "m", 4, &number), OK);
	assert_int_equal(publish_u32(&ann, "v", 1, 0), OK);
	assert_int_equal(publish_map(&eth, "n", 8, DSF_PRIV), OK);
	for (; store_map_next(store, &position, &map, NULL) == OK; count++)
		sum += map.address;
	assert_int_equal(count, 4);
	assert_int_equal(sum, 15);
}

/* ---- Death ---- */

static void what_a_process_had_dies_with_it(void **state)
{
	uint32_t number;

	(void)state;
	assert_int_equal(subscribe(&bob, ".*", 0), OK);
	assert_int_equal(subscribe(&ann, ".*", 0), OK);
	assert_int_equal(publish_u32(&ann, "a", 1, 0), OK);
	assert_int_equal(publish_map(&ann, "m", 0x100, 0), OK);
	assert_int_equal(publish_u32(&eth, "e", 1, 0), OK);
	while (*next_change(&bob))
		;
	owner_died(&ann);
	assert_int_equal(retrieve_u32(&bob, "a", &number), -ESRCH);
	assert_int_equal(retrieve_u32(&bob, "e", &number), OK);
	assert_string_equal(next_change(&bob), "m deleted died");
	assert_string_equal(next_change(&bob), "a deleted died");
	assert_string_equal(next_change(&ann), "");
	owner_died(&ann); /* it has nothing any more */
	assert_string_equal(next_change(&bob), "");
}

static void what_a_service_had_is_its_successor_s(void **state)
{
	struct store_caller successor = eth;
	uint32_t number;

	(void)state;
	successor.owner.endpoint = 4711;
	assert_int_equal(subscribe(&bob, ".*", 0), OK);
	assert_int_equal(publish_u32(&eth, "a", 1, DSF_PRIV_OVERWRITE), OK);
	assert_int_equal(publish_map(&eth, "m", 0x100, 0), OK);
	while (*next_change(&bob))
		;
	owner_died(&eth);
	assert_int_equal(address_of("m", 0), -ESRCH);
	assert_int_equal(publish_u32(&successor, "a", 2, DSF_OVERWRITE), OK);
	assert_string_equal(next_change(&bob), "m deleted died");
	assert_string_equal(next_change(&bob), "a changed died");
	owner_ended(&eth);
	assert_int_equal(retrieve_u32(&bob, "a", &number), -ESRCH);
	assert_string_equal(next_change(&bob), "a deleted died");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(labels_and_endpoints_are_one_to_one),
	        WORLD_TEST(labels_are_rs_s_alone),
	        WORLD_TEST(snapshots_are_known_by_number),
	        WORLD_TEST(a_snapshot_that_is_dropped_leaves_the_others),
	        WORLD_TEST(ranges_that_have_ended_wait_to_be_unmapped),
	        WORLD_TEST(a_successor_finds_all_ranges),
	        WORLD_TEST(what_a_process_had_dies_with_it),
	        WORLD_TEST(what_a_service_had_is_its_successor_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
