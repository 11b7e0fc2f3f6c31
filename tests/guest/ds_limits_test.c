/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 time=counted variants=no */
/* The longest keys, patterns and values and the largest range are taken and come back whole; one more is not.
 */
#include <errno.h>
#include <granite/abi/ds_calls.h>
#include <granite/ds.h>

#include "lending.h"

static char text[DS_VALUE_MAX + 2], found[DS_VALUE_MAX + 2];
static char *range, *room;

/* A text of so many bytes, none of them 0, which at each place says where it is. */
static void write_text(size_t length)
{
	for (size_t i = 0; i < length; i++)
		text[i] = (char)('!' + (i ^ i >> 8 ^ i >> 16) % 90);
	text[length] = '\0';
}

static void the_longest_key_leads_to_its_value(void)
{
	char key[DS_KEY_MAX + 2], other[DS_KEY_MAX + 2];
	struct ds_change change = {.what = 0};
	uint32_t value = 0;
	memset(key, 'k', DS_KEY_MAX);
	key[DS_KEY_MAX] = '\0';
	memcpy(other, key, sizeof(key));
	other[DS_KEY_MAX - 1] = 'l'; /* the last byte counts */
	CHECK_INT(ds_subscribe("k+l?", 0), OK);
	CHECK_INT(ds_publish_u32(key, 1, 0), OK);
	CHECK_INT(ds_publish_u32(other, 2, 0), OK);
	CHECK_INT(ds_retrieve_u32(key, &value), OK);
	CHECK_INT(value, 1);
	CHECK_INT(ds_retrieve_u32(other, &value), OK);
	CHECK_INT(value, 2);
	CHECK_INT(ds_check_change(&change), OK);
	CHECK(strcmp(change.key, key) == 0);
	CHECK_INT(ds_check_change(&change), OK);
	CHECK(strcmp(change.key, other) == 0);
	key[DS_KEY_MAX] = 'k';
	key[DS_KEY_MAX + 1] = '\0';
	CHECK_INT(ds_publish_u32(key, 1, 0), -EINVAL);
	CHECK_INT(ds_retrieve_u32(key, &value), -EINVAL);
	CHECK_INT(ds_unsubscribe("k+l?"), OK);
}

static void the_longest_pattern_matches(void)
{
	char pattern[DS_PATTERN_MAX + 2];
	struct ds_change change;
	memset(pattern, 'p', DS_PATTERN_MAX);
	pattern[DS_PATTERN_MAX] = '\0';
	memcpy(pattern + 1, "(", 1);
	memcpy(pattern + DS_PATTERN_MAX - 3, "|q)", 3); /* as long as it can be: p(ppp...|q) */
	CHECK_INT(ds_subscribe(pattern, 0), OK);
	CHECK_INT(ds_publish_u32("pq", 1, 0), OK);
	CHECK_INT(ds_check_change(&change), OK);
	CHECK(strcmp(change.key, "pq") == 0);
	CHECK_INT(ds_unsubscribe(pattern), OK);
	memset(pattern, 'p', DS_PATTERN_MAX + 1);
	pattern[DS_PATTERN_MAX + 1] = '\0';
	CHECK_INT(ds_subscribe(pattern, 0), -E2BIG);
	CHECK_INT(ds_delete_u32("pq"), OK);
}

static void the_longest_string_comes_back_whole(void)
{
	write_text(DS_VALUE_MAX);
	CHECK_INT(ds_publish_str("long", text, 0), OK);
	CHECK_INT(ds_retrieve_str("long", found, DS_VALUE_MAX + 1), OK);
	CHECK(strcmp(found, text) == 0);
	CHECK_INT(ds_retrieve_str("long", found, DS_VALUE_MAX), -ERANGE);
	write_text(DS_VALUE_MAX + 1);
	CHECK_INT(ds_publish_str("long", text, DSF_OVERWRITE), -E2BIG);
	CHECK_INT(ds_retrieve_str("long", found, DS_VALUE_MAX + 1), OK);
	CHECK_INT(strlen(found), DS_VALUE_MAX);
	CHECK_INT(ds_delete_str("long"), OK);
}

static void as_many_bytes_come_back_whole(void)
{
	size_t length = sizeof(found);
	write_text(DS_VALUE_MAX);
	text[7] = '\0';
	CHECK_INT(ds_publish_mem("long", text, DS_VALUE_MAX, 0), OK);
	CHECK_INT(ds_retrieve_mem("long", found, &length), OK);
	CHECK_INT(length, DS_VALUE_MAX);
	CHECK(memcmp(found, text, DS_VALUE_MAX) == 0);
	CHECK_INT(ds_publish_mem("long", text, DS_VALUE_MAX + 1, DSF_OVERWRITE), -E2BIG);
	CHECK_INT(ds_delete_mem("long"), OK);
}

/* ---- The largest range: each page has a number ---- */

static uint32_t *word_of(char *of, size_t page)
{
	return (uint32_t *)(void *)(of + page * PAGE_SIZE + page * 4 % PAGE_SIZE);
}

static void check_pages(char *of, uint32_t first)
{
	unsigned wrong = 0;
	for (size_t page = 0; page < DS_RANGE_MAX / PAGE_SIZE; page++)
		wrong += *(volatile uint32_t *)word_of(of, page) != first + page;
	CHECK_INT(wrong, 0);
}

static void write_pages(uint32_t first)
{
	for (size_t page = 0; page < DS_RANGE_MAX / PAGE_SIZE; page++)
		*word_of(range, page) = first + (uint32_t)page;
}

static void map_it(void)
{
	size_t length = DS_RANGE_MAX;
	CHECK_INT(ds_retrieve_map("large", room, &length, 0, DSMF_MAP_MAPPED), OK);
	CHECK_INT(length, DS_RANGE_MAX);
	check_pages(room, 1000);
}

static void copy_it(int snapshot, uint32_t first)
{
	size_t length = DS_RANGE_MAX;
	memset(room, 0, DS_RANGE_MAX);
	CHECK_INT(ds_retrieve_map("large", room, &length, snapshot,
	                          snapshot ? DSMF_COPY_SNAPSHOT : DSMF_COPY_MAPPED),
	          OK);
	CHECK_INT(length, DS_RANGE_MAX);
	check_pages(room, first);
}

static void the_largest_range_is_seen_whole(void)
{
	int number = 0;
	range = lending_pages(DS_RANGE_MAX / PAGE_SIZE + 1);
	room = lending_pages(DS_RANGE_MAX / PAGE_SIZE);
	REQUIRE(range && room);
	write_pages(1000);
	CHECK_INT(ds_publish_map("large", range, DS_RANGE_MAX, 0), OK);
	CHECK_EXITED(tap_child(map_it), 0);
	CHECK_INT(ds_snapshot_map("large", &number), OK);
	write_pages(5000);
	copy_it(0, 5000);
	copy_it(number, 1000);
	CHECK_INT(ds_publish_map("large", range, DS_RANGE_MAX + 1, DSF_OVERWRITE), -EINVAL);
	CHECK_INT(ds_publish_map("large", range, DS_RANGE_MAX + PAGE_SIZE, DSF_OVERWRITE), -EINVAL);
	CHECK_INT(ds_delete_map("large"), OK);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(the_longest_key_leads_to_its_value),  TEST(the_longest_pattern_matches),
	        TEST(the_longest_string_comes_back_whole), TEST(as_many_bytes_come_back_whole),
	        TEST(the_largest_range_is_seen_whole),
	};
	return TAP_RUN(tests);
}
