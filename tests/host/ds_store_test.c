/* SPDX-License-Identifier: MIT */
/* links: servers/ds/store_*.c servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c
 * servers/ds/pattern*.c servers/ds/watch.c tests/host/ds_world.c tests/host/ds_state.c */
/* Entries of the data store: publishing, overwriting, retrieving, deleting, and who may do it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "servers/ds/hash.h"
#include "ds_world.h"

static int retrieve(const struct store_caller *caller, uint32_t type, const char *text, char *value,
                    uint32_t size)
{
	struct store_key key = key_of(type, text);
	struct store_entry entry;
	int result = store_retrieve(store, caller, &key, value, size, &entry);

	return result == OK ? (int)entry.length : result;
}

static int delete (const struct store_caller *caller, uint32_t type, const char *text)
{
	struct store_key key = key_of(type, text);

	return store_delete(store, caller, &key);
}

/* ---- Keys, types and values ---- */

static void a_key_stands_for_one_entry_of_each_type(void **state)
{
	uint32_t number;
	char text[8] = "";

	(void)state;
	assert_int_equal(publish_u32(&ann, "a", 7, 0), OK);
	assert_int_equal(publish_str(&bob, "a", "text", 0), OK);
	assert_int_equal(publish_map(&eth, "a", 0x1000, 0), OK);
	assert_int_equal(publish_label("a", 1200, 0), OK);
	assert_int_equal(retrieve_u32(&bob, "a", &number), OK);
	assert_int_equal(number, 7);
	assert_int_equal(retrieve(&ann, DS_TYPE_STR, "a", text, sizeof(text)), 4);
	assert_string_equal(text, "text");
	assert_int_equal(retrieve(&ann, DS_TYPE_MEM, "a", text, sizeof(text)), -ESRCH);
	assert_int_equal(delete (&ann, DS_TYPE_U32, "a"), OK);
	assert_int_equal(retrieve_u32(&bob, "a", &number), -ESRCH);
	assert_int_equal(retrieve(&ann, DS_TYPE_STR, "a", text, sizeof(text)), 4);
}

static void keys_that_can_not_be_are_refused(void **state)
{
	char text[DS_KEY_MAX + 2];
	struct store_key key = {text, 0, DS_TYPE_U32};
	struct store_value value = {0};
	struct store_entry entry;

	(void)state;
	memset(text, 'k', sizeof(text));
	for (int i = 0; i < 5; i++) {
		static const uint32_t lengths[] = {0, DS_KEY_MAX + 1, UINT32_MAX, 5, 5},
		                      types[] = {1, 1, 1, 0, DS_TYPES};

		key.length = lengths[i];
		key.type = types[i];
		assert_int_equal(store_publish(store, &ann, &key, &value, 0), -EINVAL);
		assert_int_equal(store_retrieve(store, &ann, &key, NULL, 0, &entry), -EINVAL);
		assert_int_equal(store_delete(store, &ann, &key), -EINVAL);
	}
	key = (struct store_key){text, DS_KEY_MAX, DS_TYPE_U32};
	text[DS_KEY_MAX - 1] = '\0';
	assert_int_equal(store_publish(store, &ann, &key, &value, 0), -EINVAL);
	text[DS_KEY_MAX - 1] = 'k';
	assert_int_equal(store_publish(store, &ann, &key, &value, 0), OK);
	assert_int_equal(store_retrieve(store, &ann, &key, NULL, 0, &entry), OK);
	assert_memory_equal(entry.key, text, DS_KEY_MAX);
	assert_int_equal(entry.key[DS_KEY_MAX], '\0');
}

static void every_byte_but_0_can_be_in_a_key(void **state)
{
	struct store_value value = {0};
	struct store_entry entry;
	char text[3] = "k_k";

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		struct store_key key = {text, 3, DS_TYPE_U32};

		text[1] = (char)byte;
		value.number = (uint32_t)byte;
		assert_int_equal(store_publish(store, &ann, &key, &value, 0), byte ? OK : -EINVAL);
	}
	for (int byte = 1; byte < 256; byte++) {
		struct store_key key = {text, 3, DS_TYPE_U32};

		text[1] = (char)byte;
		assert_int_equal(store_retrieve(store, &bob, &key, NULL, 0, &entry), OK);
		assert_int_equal(entry.number, byte);
	}
}

/* Around the lengths at which a chunk is full, and the longest. */
static void values_of_all_lengths_come_back(void **state)
{
	static const uint32_t lengths[] = {0, 1, 59, 60, 61, 119, 120, 121, 4096, 100000, DS_VALUE_MAX};
	char *bytes = malloc(DS_VALUE_MAX), *back = malloc(DS_VALUE_MAX);
	struct store_key key = key_of(DS_TYPE_MEM, "m");

	(void)state;
	world_begin_sized(0x100000);
	for (uint32_t i = 0; i < DS_VALUE_MAX; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			struct store_value value = {bytes, lengths[i], 0};

			memset(back, 0, DS_VALUE_MAX);
			assert_int_equal(store_publish(store, &eth, &key, &value, DSF_OVERWRITE), OK);
			assert_int_equal(retrieve(&ann, DS_TYPE_MEM, "m", back, DS_VALUE_MAX), lengths[i]);
			assert_memory_equal(back, bytes, lengths[i]);
			assert_null(store_check(store));
		}
	memset(back, 0, DS_VALUE_MAX);
	assert_int_equal(retrieve(&ann, DS_TYPE_MEM, "m", back, 61), DS_VALUE_MAX);
	assert_memory_equal(back, bytes, 61);
	assert_int_equal(back[61], 0);
	free(bytes);
	free(back);
}

static void values_and_flags_that_can_not_be_are_refused(void **state)
{
	struct store_key key = key_of(DS_TYPE_MEM, "m"), string = key_of(DS_TYPE_STR, "s");
	struct store_value value = {"a\0b", 3, 0};
	struct store_map map = {.number = 1};

	(void)state;
	assert_int_equal(store_publish(store, &ann, &string, &value, 0), -EINVAL);
	assert_int_equal(store_publish(store, &ann, &key, &value, 0x40), -EINVAL);
	assert_int_equal(store_publish(store, &ann, &key, &value, DSF_INITIAL), -EINVAL);
	assert_int_equal(store_publish(store, &ann, &key, &value, DSMF_MAP_MAPPED), -EINVAL);
	value.length = DS_VALUE_MAX + 1;
	assert_int_equal(store_publish(store, &ann, &key, &value, 0), -E2BIG);
	value.length = UINT32_MAX;
	assert_int_equal(store_publish(store, &ann, &key, &value, 0), -E2BIG);
	key.type = DS_TYPE_MAP;
	assert_int_equal(store_publish(store, &ann, &key, &value, 0), -EINVAL);
	assert_int_equal(store_publish_map(store, &ann, &key, &map, 0), -EINVAL);
	key.type = DS_TYPE_LABEL;
	assert_int_equal(store_publish(store, &ann, &key, &value, 0), -EINVAL);
	assert_int_equal(store_publish_map(store, &ann, &key, &map, 0), -EINVAL);
	assert_int_equal(store_publish_label(store, &root, &string, 1, 0), -EINVAL);
}

/* ---- Who may ---- */

static void what_exists_is_overwritten_only_if_asked(void **state)
{
	uint32_t number;

	(void)state;
	assert_int_equal(publish_u32(&ann, "a", 1, DSF_OVERWRITE), OK);
	assert_int_equal(publish_u32(&ann, "a", 2, 0), -EEXIST);
	assert_int_equal(publish_u32(&bob, "a", 2, 0), -EEXIST);
	assert_int_equal(retrieve_u32(&ann, "a", &number), OK);
	assert_int_equal(number, 1);
	assert_int_equal(publish_u32(&bob, "a", 3, DSF_OVERWRITE | DSF_PRIV), OK);
	assert_int_equal(retrieve_u32(&ann, "a", &number), OK);
	assert_int_equal(number, 3);
}

/* Whoever overwrites another's entry changes its value alone. */
static void an_entry_that_is_overwritten_keeps_its_owner_and_flags(void **state)
{
	struct store_key key = key_of(DS_TYPE_STR, "a");
	struct store_entry entry;

	(void)state;
	assert_int_equal(publish_str(&eth, "a", "one", DSF_PRIV_SNAPSHOT), OK);
	assert_int_equal(publish_str(&bob, "a", "three", DSF_OVERWRITE | DSF_PRIV), OK);
	assert_int_equal(store_retrieve(store, &ann, &key, NULL, 0, &entry), OK);
	assert_string_equal(entry.owner.label, "eth");
	assert_int_equal(entry.flags, DSF_PRIV_SNAPSHOT);
	assert_int_equal(delete (&bob, DS_TYPE_STR, "a"), -EPERM);
	assert_int_equal(publish_str(&eth, "a", "four", DSF_OVERWRITE | DSF_PRIV_OVERWRITE), OK);
	assert_int_equal(publish_str(&bob, "a", "five", DSF_OVERWRITE), -EPERM);
	assert_int_equal(store_retrieve(store, &ann, &key, NULL, 0, &entry), OK);
	assert_int_equal(entry.flags, DSF_PRIV_OVERWRITE);
	assert_int_equal(entry.length, 4);
}

static void private_entries_are_their_owner_s_alone(void **state)
{
	struct store_key map_key = key_of(DS_TYPE_MAP, "m");
	struct store_map map;
	uint32_t number;

	(void)state;
	assert_int_equal(publish_u32(&ann, "r", 1, DSF_PRIV_RETRIEVE), OK);
	assert_int_equal(publish_u32(&ann, "o", 1, DSF_PRIV_OVERWRITE), OK);
	assert_int_equal(publish_map(&ann, "m", 0x1000, DSF_PRIV_SNAPSHOT), OK);
	for (int i = 0; i < 3; i++) {
		const struct store_caller *other = i == 0 ? &bob : i == 1 ? &eth : &root;

		assert_int_equal(retrieve_u32(other, "r", &number), -EPERM);
		assert_int_equal(publish_u32(other, "o", 2, DSF_OVERWRITE), -EPERM);
		assert_int_equal(retrieve_u32(other, "o", &number), OK);
		assert_int_equal(store_retrieve_map(store, other, &map_key, 0, &map), OK);
		assert_int_equal(store_may_snapshot(store, other, &map_key), -EPERM);
		assert_int_equal(store_snapshot(store, other, &map_key, &map, &number), -EPERM);
		assert_int_equal(delete (other, DS_TYPE_U32, "o"), -EPERM);
		assert_int_equal(delete (other, DS_TYPE_MAP, "m"), -EPERM);
	}
	assert_int_equal(retrieve_u32(&ann, "r", &number), OK);
	assert_int_equal(publish_u32(&ann, "o", 2, DSF_OVERWRITE | DSF_PRIV_OVERWRITE), OK);
	assert_int_equal(store_may_snapshot(store, &ann, &map_key), OK);
	assert_int_equal(delete (&ann, DS_TYPE_U32, "r"), OK);
	assert_int_equal(delete (&ann, DS_TYPE_U32, "r"), -ESRCH);
}

/* The successor has another endpoint, and another process may have the old one's label as its text. */
static void a_service_is_known_by_its_label(void **state)
{
	struct store_caller successor = eth, lookalike = process(NONE);
	uint32_t number;

	(void)state;
	successor.owner.endpoint = 4711;
	assert_int_equal(publish_u32(&eth, "a", 1, DSF_PRIV), OK);
	assert_int_equal(retrieve_u32(&successor, "a", &number), OK);
	assert_int_equal(retrieve_u32(&lookalike, "a", &number), -EPERM);
	assert_int_equal(delete (&successor, DS_TYPE_U32, "a"), OK);
}

/* ---- Hashing ---- */

/* Whoever finds out keys that meet in one store can do nothing with them in another. */
static void keys_meet_by_the_secret_alone(void **state)
{
	static const uint32_t one[2] = {1, 2}, others[2][2] = {{2, 2}, {1, 3}};
	int meet = 0, again[2] = {0};

	(void)state;
	for (uint32_t key = 0; key < 100000; key++) {
		if (hash_bytes(one, &key, sizeof(key)) % 256)
			continue;
		meet++;
		for (int i = 0; i < 2; i++)
			again[i] += hash_bytes(others[i], &key, sizeof(key)) % 256 == 0;
	}
	assert_in_range(meet, 100000 / 256 - 100, 100000 / 256 + 100);
	assert_in_range(again[0], 0, 15);
	assert_in_range(again[1], 0, 15);
}

/* ---- The list ---- */

static void the_list_has_every_entry_at_one_position(void **state)
{
	struct store_entry entry;
	char text[8];

	(void)state;
	for (int i = 0; i < 10; i++) {
		sprintf(text, "k%d", i);
		assert_int_equal(
		        publish_u32(&ann, text, (uint32_t)i, i == 4 ? DSF_PRIV_SUBSCRIBE : DSF_PRIV_RETRIEVE),
		        OK);
	}
	assert_int_equal(store_list(store, &bob, 3, &entry), OK);
	assert_string_equal(entry.key, "k3");
	assert_int_equal(entry.number, 0);
	assert_int_equal(store_list(store, &ann, 3, &entry), OK);
	assert_int_equal(entry.number, 3);
	assert_int_equal(store_list(store, &bob, 4, &entry), -EPERM);
	assert_int_equal(store_list(store, &ann, 4, &entry), OK);
	assert_int_equal(store_list(store, &ann, 10, &entry), -ESRCH);
	assert_int_equal(store_list(store, &ann, UINT32_MAX, &entry), -ESRCH);
	assert_int_equal(delete (&ann, DS_TYPE_U32, "k2"), OK);
	assert_int_equal(store_list(store, &ann, 2, &entry), OK);
	assert_string_equal(entry.key, "k9");
	assert_int_equal(store_list(store, &ann, 9, &entry), -ESRCH);
}

static void statistics_tell_what_there_is(void **state)
{
	struct store_statistics empty, statistics;
	struct store_account account;

	(void)state;
	store_statistics(store, &empty);
	assert_int_equal(publish_u32(&ann, "a", 1, 0), OK);
	assert_int_equal(publish_str(&ann, "abc", "12345", 0), OK);
	assert_int_equal(subscribe(&bob, "a.*", DSF_INITIAL), OK);
	store_statistics(store, &statistics);
	assert_int_equal(statistics.used.entries, 2);
	assert_int_equal(statistics.used.bytes, 1 + 3 + 5 + 3);
	assert_int_equal(statistics.used.subscriptions, 1);
	assert_int_equal(statistics.used.notices, 2);
	assert_int_equal(statistics.types[DS_TYPE_STR], 1);
	assert_int_equal(statistics.patterns, 1);
	assert_int_equal(statistics.owners, 2);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(store_list_owner(store, i, &account), OK);
		assert_int_equal(account.used.entries, account.owner.endpoint == 1100 ? 2 : 0);
	}
	assert_int_equal(store_list_owner(store, 2, &account), -ESRCH);
	owner_died(&ann);
	owner_died(&bob);
	while (store_wake_next(store, &account.owner.endpoint) == OK)
		;
	store_statistics(store, &statistics);
	assert_memory_equal(&statistics, &empty, sizeof(empty));
}

/* ---- Calls that are made again ---- */

static uint64_t answer_to(const struct store_caller *caller, uint64_t serial)
{
	uint64_t answer = 0;

	return store_is_done(store, caller->owner.endpoint, serial, &answer) ? answer : UINT64_MAX;
}

static void assert_not_done(const struct store_caller *caller, uint64_t serial)
{
	assert_true(answer_to(caller, serial) == UINT64_MAX);
}

static void a_call_that_was_done_is_known_with_its_answer(void **state)
{
	uint64_t first = 0x123456789, second = first + (1ull << 32);

	(void)state;
	ann.serial = first;
	ann.answer = 0xfedcba9876543210;
	assert_not_done(&ann, first);
	assert_int_equal(publish_u32(&ann, "a", 1, 0), OK);
	assert_true(answer_to(&ann, first) == ann.answer);
	assert_not_done(&ann, second);
	assert_not_done(&bob, first);
	ann.serial = second;
	assert_int_equal(publish_u32(&ann, "a", 1, 0), -EEXIST);
	assert_true(answer_to(&ann, first) == ann.answer);
	assert_not_done(&ann, second);
	world_reopen();
	assert_true(answer_to(&ann, first) == ann.answer);
	ann.answer = 5;
	assert_int_equal(delete_u32(&ann, "a"), OK);
	assert_true(answer_to(&ann, second) == 5);
	assert_not_done(&ann, first);
}

static void a_call_without_a_number_is_never_known(void **state)
{
	(void)state;
	assert_not_done(&ann, 0);
	assert_int_equal(publish_u32(&ann, "a", 1, 0), OK);
	assert_not_done(&ann, 0);
	ann.serial = 7;
	assert_int_equal(publish_u32(&ann, "a", 1, DSF_OVERWRITE), OK);
	ann.serial = 0;
	assert_int_equal(publish_u32(&ann, "a", 1, DSF_OVERWRITE), OK);
	assert_true(answer_to(&ann, 7) == 0);
	assert_not_done(&ann, 0);
}

/* Its number may be the same: it is another process. */
static void who_has_the_slot_of_a_dead_process_has_not_its_calls(void **state)
{
	struct store_caller next = process(1100 + ENDPOINT_SLOTS);

	(void)state;
	ann.serial = next.serial = 7;
	ann.answer = 1;
	next.answer = 2;
	assert_int_equal(publish_u32(&ann, "a", 1, 0), OK);
	assert_not_done(&next, 7);
	assert_int_equal(publish_u32(&next, "b", 1, 0), OK);
	assert_true(answer_to(&next, 7) == 2);
	assert_not_done(&ann, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(a_key_stands_for_one_entry_of_each_type),
	        WORLD_TEST(keys_that_can_not_be_are_refused),
	        WORLD_TEST(every_byte_but_0_can_be_in_a_key),
	        WORLD_TEST(values_of_all_lengths_come_back),
	        WORLD_TEST(values_and_flags_that_can_not_be_are_refused),
	        WORLD_TEST(what_exists_is_overwritten_only_if_asked),
	        WORLD_TEST(an_entry_that_is_overwritten_keeps_its_owner_and_flags),
	        WORLD_TEST(private_entries_are_their_owner_s_alone),
	        WORLD_TEST(a_service_is_known_by_its_label),
	        WORLD_TEST(keys_meet_by_the_secret_alone),
	        WORLD_TEST(the_list_has_every_entry_at_one_position),
	        WORLD_TEST(statistics_tell_what_there_is),
	        WORLD_TEST(a_call_that_was_done_is_known_with_its_answer),
	        WORLD_TEST(a_call_without_a_number_is_never_known),
	        WORLD_TEST(who_has_the_slot_of_a_dead_process_has_not_its_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
