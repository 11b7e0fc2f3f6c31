/* SPDX-License-Identifier: MIT */
/* links: servers/ds/store_*.c servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c
 * servers/ds/pattern*.c servers/ds/watch.c tests/host/ds_world.c tests/host/ds_state.c */
/* What one owner may have, what is kept for services; opening memory that is a store, and memory that is
 * none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ds_world.h"

#include "servers/ds/store_layout.h"
#include "seed.h"

static int fill(const struct store_caller *caller, const char *prefix, int count)
{
	char text[32];
	int result = OK;

	for (int i = 0; i < count && result == OK; i++) {
		sprintf(text, "%s%d", prefix, i);
		result = publish_u32(caller, text, 1, 0);
	}
	return result;
}

/* Values until there is no more; each is another process's if `many`. Returns the last result. */
static int flood(const struct store_caller *caller, int many)
{
	static char bytes[3000];
	struct store_value value = {bytes, sizeof(bytes), 0};
	struct store_caller by = *caller;
	char text[32];
	int result = OK;

	for (int i = 0; result == OK; i++) {
		struct store_key key = {text, (uint32_t)sprintf(text, "f%d", i), DS_TYPE_MEM};

		by.owner.endpoint += many;
		result = store_publish(store, &by, &key, &value, 0);
	}
	return result;
}

static uint32_t blocks_free(void)
{
	struct store_statistics statistics;

	store_statistics(store, &statistics);
	return statistics.blocks_free;
}

static void begin_with(struct store_limits limits)
{
	config.process = limits;
	world_begin_sized(0x54000);
}

/* ---- Limits ---- */

static void an_owner_has_a_limited_number_of_entries(void **state)
{
	(void)state;
	begin_with((struct store_limits){.entries = 5, .bytes = 1000, .subscriptions = 1, .notices = 1});
	assert_int_equal(fill(&ann, "a", 5), OK);
	assert_int_equal(publish_u32(&ann, "b", 1, 0), -EDQUOT);
	assert_int_equal(publish_u32(&ann, "a0", 1, DSF_OVERWRITE), OK);
	assert_int_equal(fill(&bob, "b", 5), OK);
	assert_int_equal(fill(&eth, "e", 50), OK);
	assert_int_equal(delete_u32(&ann, "a3"), OK);
	assert_int_equal(publish_u32(&ann, "c", 1, 0), OK);
	assert_int_equal(publish_u32(&ann, "d", 1, 0), -EDQUOT);
}

static void an_owner_has_a_limited_number_of_bytes(void **state)
{
	(void)state;
	begin_with((struct store_limits){.entries = 50, .bytes = 10, .subscriptions = 5, .notices = 1});
	assert_int_equal(publish_str(&ann, "key", "12345678", 0), -EDQUOT);
	assert_int_equal(publish_str(&ann, "key", "1234567", 0), OK);
	assert_int_equal(publish_u32(&ann, "k", 1, 0), -EDQUOT);
	assert_int_equal(subscribe(&ann, "k", 0), -EDQUOT);
	assert_int_equal(publish_str(&bob, "key", "12345678", DSF_OVERWRITE), -EDQUOT);
	assert_int_equal(publish_str(&bob, "key", "123456", DSF_OVERWRITE), OK); /* Ann is charged */
	assert_int_equal(subscribe(&ann, "k", 0), OK);
	assert_int_equal(publish_str(&ann, "key", "1234567", DSF_OVERWRITE), -EDQUOT);
	config.process.bytes = 5;
	world_reopen(); /* less than she has: it may shrink */
	assert_int_equal(publish_str(&ann, "key", "12345", DSF_OVERWRITE), OK);
	assert_int_equal(publish_str(&ann, "key", "12345", DSF_OVERWRITE), -EDQUOT);
}

static void an_owner_has_a_limited_number_of_subscriptions(void **state)
{
	(void)state;
	begin_with((struct store_limits){.entries = 50, .bytes = 1000, .subscriptions = 2, .notices = 1});
	assert_int_equal(subscribe(&ann, "a", 0), OK);
	assert_int_equal(subscribe(&ann, "b", 0), OK);
	assert_int_equal(subscribe(&ann, "c", 0), -EDQUOT);
	assert_int_equal(subscribe(&ann, "a", DSF_OVERWRITE), OK);
	assert_int_equal(subscribe(&bob, "c", 0), OK);
	assert_int_equal(unsubscribe(&ann, "a"), OK);
	assert_int_equal(subscribe(&ann, "c", 0), OK);
}

/* Nobody who publishes suffers from somebody who never looks; who never looks is told so. */
static void an_owner_has_a_limited_number_of_notices(void **state)
{
	(void)state;
	begin_with((struct store_limits){.entries = 50, .bytes = 1000, .subscriptions = 2, .notices = 3});
	assert_int_equal(fill(&bob, "b", 10), OK);
	assert_int_equal(subscribe(&ann, "a.", 0), OK);
	assert_int_equal(fill(&bob, "a", 10), OK);
	assert_int_equal(publish_u32(&bob, "a1", 2, DSF_OVERWRITE), OK);
	for (int i = 0; i < 5; i++) {
		static const char *const told[] = {"a0 created", "a1 created", "a2 created", " lost", ""};

		assert_string_equal(next_change(&ann), told[i]);
	}
	assert_int_equal(publish_u32(&bob, "a9", 2, DSF_OVERWRITE), OK);
	assert_string_equal(next_change(&ann), "a9 changed");
	assert_int_equal(subscribe(&ann, "b.", DSF_INITIAL), OK);
	for (int i = 0; i < 3; i++)
		assert_string_not_equal(next_change(&ann), " lost");
	assert_string_equal(next_change(&ann), " lost");
}

static void processes_can_not_use_up_what_is_kept_for_services(void **state)
{
	struct store_limits wide = {
	        .entries = 10000, .bytes = 1000000, .subscriptions = 1000, .notices = 1000};
	uint32_t all, left, labels;
	char text[16];
	int count;

	(void)state;
	begin_with(wide);
	all = blocks_free();
	for (count = 0; sprintf(text, "k%d", count), subscribe(&bob, text, 0) == OK; count++)
		;
	assert_int_equal(count, 64 - 64 / 4);
	assert_int_equal(flood(&ann, 1), -ENOSPC);
	left = blocks_free();
	assert_in_range(left, all / 4, all / 3);
	assert_int_equal(blocks_free() >= all / 4, 1);
	assert_int_equal(subscribe(&eth, "x.*", 0), OK);
	assert_int_equal(publish_label("eth", 1300, 0), OK);
	assert_int_equal(publish_str(&eth, "xyz", "value", 0), OK);
	assert_string_equal(next_change(&eth), "xyz created");
	assert_int_equal(flood(&eth, 0), -EEXIST); /* f0 is another's; with keys of its own it fills all: */
	assert_int_equal(fill(&eth, "e", 10000), -ENOSPC);
	labels = blocks_free();
	assert_in_range(labels, all / 16, all / 16 + 2);
	for (count = 0; sprintf(text, "l%d", count), publish_label(text, 2000 + count, 0) == OK; count++)
		;
	assert_in_range(count, labels / 2 - 1,
	                labels / 2); /* of two blocks each: there is always room for some */
	assert_in_range(blocks_free(), 0, 1);
	world_reopen(); /* and that needs nothing */
	owner_ended(&eth);
	assert_in_range(blocks_free(), left - labels - 64, left - labels);
}

/* Where memory is used up nothing grows, and what is there can be used. (Who touched more would be killed.)
 */
static void without_memory_nothing_grows(void **state)
{
	uint32_t number;
	char text[24];
	int count, more;

	(void)state;
	store_config_default(&config);
	world_begin_sized(0x400000);
	assert_int_equal(fill(&ann, "a", 100), OK);
	assert_int_equal(subscribe(&eth, "[ab].*", 0), OK);
	world_has_memory = 0;
	for (count = 0; sprintf(text, "b%d", count), publish_u32(&bob, text, 1, 0) == OK; count++)
		;
	assert_in_range(count, 1, 1000);
	assert_int_equal(publish_u32(&bob, "b", 1, 0), -ENOSPC);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "label%d", i);
		assert_int_equal(publish_label(text, 1700 + i, 0), OK);
	}
	for (int i = 0; i < 100; i++) {
		sprintf(text, "a%d", i);
		assert_int_equal(publish_u32(&ann, text, 2, DSF_OVERWRITE), OK);
		assert_int_equal(retrieve_u32(&bob, text, &number), OK);
		assert_int_equal(number, 2);
	}
	for (more = 0; *next_change(&eth) == 'b';)
		more++;
	assert_in_range(more, 1, count);
	owner_died(&bob);
	while (*next_change(&eth))
		;
	assert_int_equal(publish_u32(&ann, "again", 1, 0), OK);
	world_has_memory = 1;
	world_reopen();
	assert_int_equal(fill(&ann, "c", 2000), OK);
}

/* ---- Opening ---- */

static int open_with(uint32_t word, uint32_t value)
{
	uint32_t *words = (uint32_t *)world_memory(), old = words[word];
	struct store *other;
	int result;

	words[word] = value;
	result = store_open(&other, words, world_bytes(), &config);
	if (result == OK)
		store_close(other);
	words[word] = old;
	return result;
}

#define WORD(field) (offsetof(struct store_header, field) / sizeof(uint32_t))

static void memory_that_is_no_store_is_refused(void **state)
{
	unsigned seed = test_seed();
	struct store *other;
	uint8_t *memory = world_memory();

	(void)state;
	assert_int_equal(open_with(WORD(magic), 0), -EINVAL);
	assert_int_equal(open_with(WORD(magic), 0x12345678), -EINVAL);
	assert_int_equal(open_with(WORD(version), STORE_VERSION + 1), -ENOTSUP);
	assert_int_equal(open_with(WORD(bytes), 0x80000), -ERANGE);
	assert_int_equal(open_with(WORD(slots), 0), -EINVAL);
	assert_int_equal(open_with(WORD(slots), UINT32_MAX), -EINVAL);
	assert_int_equal(open_with(WORD(log_used), UINT32_MAX), -EINVAL);
	assert_int_equal(open_with(WORD(fresh), UINT32_MAX), -EINVAL);
	assert_int_equal(open_with(WORD(fresh), 0), -EINVAL);
	assert_int_equal(store_open(&other, memory, STORE_BYTES_MIN - 1, &config), -ENOSPC);
	assert_int_equal(store_open(&other, memory, STORE_BYTES_MAX + 1, &config), -ENOSPC);
	assert_int_equal(store_open(&other, memory, world_bytes() - 4096, &config), -ERANGE);
	assert_int_equal(store_open(&other, memory + 4, world_bytes() - 64, &config), -EINVAL);
	for (int i = 0; i < 1000; i++) {
		for (uint32_t byte = 0; byte < HEADER_BYTES; byte++)
			memory[byte] = (uint8_t)rand_r(&seed);
		assert_int_equal(store_open(&other, memory, world_bytes(), &config), -EINVAL);
	}
	memset(memory, 0, world_bytes());
	world_reopen();
}

static void configurations_that_can_not_be_are_refused(void **state)
{
	struct store_config bad = config;
	struct store *other;

	(void)state;
	memset(world_memory(), 0, world_bytes());
	bad.subscriptions = 0;
	assert_int_equal(store_open(&other, world_memory(), world_bytes(), &bad), -EINVAL);
	bad.subscriptions = STORE_SUBSCRIPTIONS + 1;
	assert_int_equal(store_open(&other, world_memory(), world_bytes(), &bad), -EINVAL);
	bad.subscriptions = STORE_SUBSCRIPTIONS;
	assert_int_equal(store_open(&other, world_memory(), STORE_BYTES_MIN, &bad), -ENOSPC);
	bad.reserve = 91;
	assert_int_equal(store_open(&other, world_memory(), world_bytes(), &bad), -EINVAL);
	assert_int_equal(world_memory()[0], 0);
	world_reopen();
}

/* There are no pointers in it. */
static void a_store_may_be_opened_at_another_address(void **state)
{
	uint8_t *copy = aligned_alloc(4096, world_bytes());
	struct store *here = store;
	uint32_t number;

	(void)state;
	assert_int_equal(fill(&ann, "a", 100), OK);
	assert_int_equal(subscribe(&bob, "a.*", DSF_INITIAL), OK);
	memcpy(copy, world_memory(), world_bytes());
	config.make_present = NULL;
	memset(world_memory(), 0xff, world_bytes());
	assert_int_equal(store_open(&store, copy, world_bytes(), &config), OK);
	assert_null(store_check(store));
	assert_int_equal(retrieve_u32(&bob, "a77", &number), OK);
	assert_string_equal(next_change(&bob), "a0 created");
	store_close(store);
	store = here;
	memcpy(world_memory(), copy, world_bytes());
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(an_owner_has_a_limited_number_of_entries),
	        WORLD_TEST(an_owner_has_a_limited_number_of_bytes),
	        WORLD_TEST(an_owner_has_a_limited_number_of_subscriptions),
	        WORLD_TEST(an_owner_has_a_limited_number_of_notices),
	        WORLD_TEST(processes_can_not_use_up_what_is_kept_for_services),
	        WORLD_TEST(without_memory_nothing_grows),
	        WORLD_TEST(memory_that_is_no_store_is_refused),
	        WORLD_TEST(configurations_that_can_not_be_are_refused),
	        WORLD_TEST(a_store_may_be_opened_at_another_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
