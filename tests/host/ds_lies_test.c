/* SPDX-License-Identifier: MIT */
/* links: tests/host/ds_machine.c tests/host/ds_memory.c lib/sys/ds.c lib/sys/ds_map.c lib/sys/ds_client.c
 * servers/ds/kept.c servers/ds/request.c servers/ds/serve.c servers/ds/owners.c servers/ds/later.c
 * servers/ds/ranges.c servers/ds/quotas.c servers/ds/lendings.c servers/ds/do_*.c servers/ds/store_*.c
 * servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c servers/ds/pattern*.c servers/ds/watch.c
 */
/* What the library makes of the answers of a data store that lies. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/layout.h>

#include "ds_machine.h"

#define ANN 0
#define SVC 1 /* has a label */

static int boot(void **state)
{
	(void)state;
	machine_boot();
	machine_set_label(SVC, "svc");
	machine_be(ANN);
	return 0;
}

/* ---- Its lies ---- */

static uint32_t told; /* what it tells instead */

static void tell_length(struct message *reply, uint8_t *written)
{
	struct ds_retrieve_rep lie = {.bytes = told};

	(void)written;
	memcpy(reply->m_bytes, &lie, sizeof(lie));
}

static void tell_too_little_room(struct message *reply, uint8_t *written)
{
	tell_length(reply, written);
	reply->m_type = -ERANGE;
}

static void tell_count(struct message *reply, uint8_t *written)
{
	struct ds_list_rep lie = {.count = told, .next = 7};

	(void)written;
	memcpy(reply->m_bytes, &lie, sizeof(lie));
}

static void tell_a_positive_result(struct message *reply, uint8_t *written)
{
	(void)written;
	reply->m_type = (int32_t)told;
}

static void tell_length_of_range(struct message *reply, uint8_t *written)
{
	struct ds_retrieve_map_rep lie;

	(void)written;
	memcpy(&lie, reply->m_bytes, sizeof(lie));
	lie.bytes = told;
	memcpy(reply->m_bytes, &lie, sizeof(lie));
}

static void write_no_end(struct message *reply, uint8_t *written)
{
	(void)reply;
	assert_non_null(written);
	memset(written, 'x', DS_KEY_SIZE);
}

/* The owner's label, behind the key. */
static void write_no_end_of_the_owner(struct message *reply, uint8_t *written)
{
	write_no_end(reply, written + offsetof(struct ds_entry, owner));
}

static void write_a_wild_type(struct message *reply, uint8_t *written)
{
	static const uint32_t type = DS_TYPES;

	(void)reply;
	memcpy(written + offsetof(struct ds_entry, type), &type, sizeof(type));
}

/* ---- What comes of them ---- */

/* Buffers of just their size, so that the sanitizer sees what would be beyond. */
static int retrieve_str_lied_to(size_t size)
{
	char *buffer = malloc(size);
	int result = ds_retrieve_str("k", buffer, size);

	free(buffer);
	return result;
}

static int list_lied_to(uint32_t room)
{
	struct ds_entry *entries = malloc(room * sizeof(*entries));
	uint32_t from = 0;
	int result = ds_list(&from, entries, room);

	if (result < 0)
		assert_int_equal(from, 0);
	free(entries);
	return result;
}

static void lengths_that_can_not_be_are_not_used(void **state)
{
	static const uint32_t too_long[] = {16, 17, DS_VALUE_MAX + 1, UINT32_MAX};
	char buffer[16];
	size_t length;

	(void)state;
	assert_int_equal(ds_publish_str("k", "text", 0), OK);
	assert_int_equal(ds_publish_mem("k", "text", 4, 0), OK);
	machine_lie(tell_length);
	for (unsigned i = 0; i < sizeof(too_long) / sizeof(too_long[0]); i++) {
		told = too_long[i];
		length = 15;
		assert_int_equal(retrieve_str_lied_to(16), -EIO);
		assert_int_equal(ds_retrieve_mem("k", buffer, &length), -EIO);
		assert_int_equal(length, 15);
	}
	told = 15;
	assert_int_equal(retrieve_str_lied_to(16), OK);
	machine_lie(tell_too_little_room); /* of which there is enough, or never would be */
	for (unsigned i = 0; i < sizeof(too_long) / sizeof(too_long[0]); i++) {
		told = i ? too_long[i] : 15;
		length = 15;
		assert_int_equal(ds_retrieve_mem("k", buffer, &length), i == 1 ? -ERANGE : -EIO);
		assert_int_equal(length, i == 1 ? 17 : 15);
	}
}

/* More than there is room for would be mapped over what lies behind. */
static void a_range_is_not_mapped_beyond_its_room(void **state)
{
	static uint8_t range[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	static uint8_t room[3 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	static const uint32_t too_long[] = {3 * PAGE_SIZE, DS_RANGE_MAX + PAGE_SIZE, UINT32_MAX};
	size_t length;

	(void)state;
	memset(range, 'r', sizeof(range));
	assert_int_equal(ds_publish_map("m", range, sizeof(range), 0), OK);
	for (unsigned i = 0; i < sizeof(too_long) / sizeof(too_long[0]); i++) {
		machine_lie(tell_length_of_range);
		told = too_long[i];
		length = 2 * PAGE_SIZE;
		assert_int_equal(ds_retrieve_map("m", room, &length, 0, DSMF_MAP_MAPPED), -EIO);
		assert_int_equal(length, 2 * PAGE_SIZE);
		assert_int_equal(ds_retrieve_map("m", room, &length, 0, DSMF_COPY_MAPPED), -EIO);
		assert_int_equal(room[2 * PAGE_SIZE], 0);
	}
	machine_lie(NULL);
	assert_int_equal(ds_retrieve_map("m", room, &length, 0, DSMF_COPY_MAPPED), OK);
	assert_int_equal(length, PAGE_SIZE);
	assert_int_equal(room[0], 'r');
}

static void counts_and_results_that_can_not_be_are_not_used(void **state)
{
	static const uint32_t wild[] = {4, DS_LIST_MAX, DS_LIST_MAX + 1, INT32_MAX, UINT32_MAX};
	uint32_t number = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ds_publish_u32((char[]){(char)('a' + i), '\0'}, 1, 0), OK);
	assert_int_equal(list_lied_to(3), 3);
	for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		told = wild[i];
		machine_lie(tell_count);
		assert_int_equal(list_lied_to(3), -EIO);
		told &= INT32_MAX;
		machine_lie(tell_a_positive_result);
		assert_int_equal(list_lied_to(3), -EIO);
		assert_int_equal(ds_retrieve_u32("a", &number), -EIO);
		assert_int_equal(ds_publish_u32("a", 1, DSF_OVERWRITE), -EIO);
	}
}

static void texts_without_an_end_are_not_used(void **state)
{
	struct ds_change change;
	char key[DS_KEY_SIZE];

	(void)state;
	assert_int_equal(ds_publish_u32("a", 1, 0), OK);
	assert_int_equal(ds_subscribe("a", DSF_INITIAL), OK);
	machine_lie(write_no_end);
	assert_int_equal(list_lied_to(1), -EIO);
	assert_int_equal(ds_retrieve_label_name(key, machine_endpoint(SVC)), -EIO);
	assert_int_equal(ds_check_change(&change), -EIO);
	machine_lie(write_no_end_of_the_owner);
	assert_int_equal(list_lied_to(1), -EIO);
	machine_lie(write_a_wild_type);
	assert_int_equal(list_lied_to(1), -EIO);
	machine_lie(NULL);
	assert_int_equal(list_lied_to(1), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, boot)
	const struct CMUnitTest tests[] = {
	        CASE(lengths_that_can_not_be_are_not_used),
	        CASE(a_range_is_not_mapped_beyond_its_room),
	        CASE(counts_and_results_that_can_not_be_are_not_used),
	        CASE(texts_without_an_end_are_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
