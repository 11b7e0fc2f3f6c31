/* SPDX-License-Identifier: MIT */
/* links: lib/formats/cpio.c */
/* The cpio reader: good archives, and every way we could think of to damage one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <formats/cpio.h>
#include <granite/abi/types.h>

#include "seed.h"

#define HEADER_BYTES 110

static uint8_t *data; /* exactly as long as the archive, so that the sanitizer sees a read beyond it */
static uint32_t size;
static int read_error;

static int read_data(void *context, uint32_t offset, void *buffer, uint32_t bytes)
{
	assert_ptr_equal(context, &size);
	assert_true(offset <= size && bytes <= size - offset);
	if (read_error)
		return read_error;
	memcpy(buffer, data + offset, bytes);
	return OK;
}

static struct cpio_archive archive(void)
{
	return (struct cpio_archive){.read = read_data, .context = &size, .bytes = size};
}

static void append(const void *bytes, uint32_t count)
{
	data = realloc(data, size + count);
	memcpy(data + size, bytes, count);
	size += count;
}

static void pad(void)
{
	while (size % 4)
		append("", 1);
}

/* The name field is `name_bytes` long, filled up with NULs; the check field is the data's sum. */
static void add_long(const char *magic, const char *name, uint32_t name_bytes, uint32_t mode,
                     const char *text)
{
	char header[HEADER_BYTES + 20];
	uint32_t sum = 0;

	for (const char *c = text; *c; c++)
		sum += (uint8_t)*c;
	snprintf(header, sizeof(header), "%s%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08x%08X", magic, 1,
	         mode, 0, 0, 1, 0, strlen(text), 0, 0, 0, 0, name_bytes,
	         strcmp(magic, "070702") == 0 ? sum : 0);
	append(header, HEADER_BYTES);
	for (uint32_t i = 0; i < name_bytes; i++)
		append(i < strlen(name) ? &name[i] : "", 1);
	pad();
	append(text, (uint32_t)strlen(text));
	pad();
}

static void add(const char *name, const char *text)
{
	add_long("070701", name, (uint32_t)strlen(name) + 1, 0100755, text);
}

static void add_trailer(void)
{
	add_long("070701", "TRAILER!!!", 11, 0, "");
}

static int clear(void **state)
{
	(void)state;
	free(data);
	data = NULL;
	size = 0;
	read_error = 0;
	return 0;
}

/* Reads to the end: the number of entries, or the error. */
static int count_entries(void)
{
	struct cpio_archive a = archive();
	struct cpio_entry entry;
	uint32_t position = 0, before;
	int count = 0, result;

	for (;;) {
		before = position;
		result = cpio_next(&a, &position, &entry);
		if (result != 1)
			break;
		assert_true(position > before && position <= size);
		assert_true(entry.offset <= size && entry.bytes <= size - entry.offset);
		assert_non_null(memchr(entry.name, 0, sizeof(entry.name)));
		count++;
	}
	assert_int_equal(position, before);
	return result < 0 ? result : count;
}

static void entries_come_in_order_with_their_data(void **state)
{
	struct cpio_archive a;
	struct cpio_entry entry;
	uint32_t position = 0;

	(void)state;
	add("bin/a", "first");
	add("etc/manifest", "");
	add_trailer();
	a = archive();
	assert_int_equal(cpio_next(&a, &position, &entry), 1);
	assert_string_equal(entry.name, "bin/a");
	assert_int_equal(entry.bytes, 5);
	assert_memory_equal(data + entry.offset, "first", 5);
	assert_int_equal(entry.mode, 0100755);
	assert_int_equal(cpio_next(&a, &position, &entry), 1);
	assert_string_equal(entry.name, "etc/manifest");
	assert_int_equal(entry.bytes, 0);
	assert_int_equal(cpio_next(&a, &position, &entry), 0);
	assert_int_equal(cpio_next(&a, &position, &entry), 0);
	assert_string_equal(entry.name, "etc/manifest");
}

static void find_takes_the_exact_name_only(void **state)
{
	struct cpio_archive a;
	struct cpio_entry entry;

	(void)state;
	add("bin/sh", "1");
	add("bin/sh2", "2");
	add_trailer();
	a = archive();
	assert_int_equal(cpio_find(&a, "bin/sh2", &entry), OK);
	assert_int_equal(data[entry.offset], '2');
	assert_int_equal(cpio_find(&a, "bin/s", &entry), -ENOENT);
	assert_int_equal(cpio_find(&a, "", &entry), -ENOENT);
	assert_int_equal(cpio_find(&a, "TRAILER!!!", &entry), -ENOENT);
}

static void a_name_padded_to_a_page_is_legal(void **state)
{
	struct cpio_archive a;
	struct cpio_entry entry;

	(void)state;
	add_long("070701", "bin/a", 4096 - HEADER_BYTES, 0100755, "data");
	add_trailer();
	a = archive();
	assert_int_equal(cpio_find(&a, "bin/a", &entry), OK);
	assert_int_equal(entry.offset, 4096);
	assert_memory_equal(data + entry.offset, "data", 4);
}

static void a_name_longer_than_we_keep_is_skipped(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[CPIO_NAME_MAX - 1] = '\0';
	add(name, "kept");
	name[CPIO_NAME_MAX - 1] = 'n';
	name[CPIO_NAME_MAX] = '\0';
	add(name, "skipped");
	name[CPIO_NAME_MAX] = 'n';
	name[299] = '\0';
	add(name, "skipped");
	add("", "nameless");
	add("b", "kept");
	add_trailer();
	assert_int_equal(count_entries(), 2);
}

static void a_name_without_an_end_is_damage(void **state)
{
	(void)state;
	add_long("070701", "abcd", 4, 0100755, "");
	add_trailer();
	assert_int_equal(count_entries(), -EINVAL);
	clear(NULL);
	add_long("070701", "", 0, 0100755, "");
	add_trailer();
	assert_int_equal(count_entries(), -EINVAL);
}

static void checksums_are_compared(void **state)
{
	struct cpio_archive a;
	struct cpio_entry entry;
	char text[1000];

	(void)state;
	memset(text, 0xff, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	add_long("070702", "sum", 4, 0100644, text);
	add("nosum", "x");
	add_trailer();
	a = archive();
	assert_int_equal(cpio_find(&a, "sum", &entry), OK);
	assert_int_equal(cpio_checksum(&a, &entry), OK);
	data[entry.offset + 998] ^= 1;
	assert_int_equal(cpio_checksum(&a, &entry), -EINVAL);
	read_error = -EFAULT;
	assert_int_equal(cpio_checksum(&a, &entry), -EFAULT);
	read_error = 0;
	assert_int_equal(cpio_find(&a, "nosum", &entry), OK);
	data[entry.offset] ^= 1;
	assert_int_equal(cpio_checksum(&a, &entry), OK);
}

static void only_executable_files_are_executable(void **state)
{
	(void)state;
	assert_true(cpio_executable(&(struct cpio_entry){.mode = 0100755}));
	assert_true(cpio_executable(&(struct cpio_entry){.mode = 0100001}));
	assert_false(cpio_executable(&(struct cpio_entry){.mode = 0100644}));
	assert_false(cpio_executable(&(struct cpio_entry){.mode = 0040755}));
}

static void a_missing_trailer_is_damage(void **state)
{
	(void)state;
	assert_int_equal(count_entries(), -EINVAL);
	add("a", "text");
	assert_int_equal(count_entries(), -EINVAL);
}

static void every_truncation_is_damage(void **state)
{
	uint32_t whole;

	(void)state;
	add("a", "text");
	add("b", "more text");
	add_trailer();
	whole = size;
	/* The trailer's own padding is not needed. */
	for (uint32_t cut = 4; cut < whole; cut++) {
		uint8_t *copy = malloc(whole - cut);

		memcpy(copy, data, whole - cut);
		uint8_t *saved = data;
		data = copy;
		size = whole - cut;
		assert_int_equal(count_entries(), -EINVAL);
		free(copy);
		data = saved;
	}
	size = whole;
}

/* Overwrites the header field with this number (0: ino ... 11: namesize, 6: filesize) in the first entry. */
static void set_field(int field, const char *digits)
{
	memcpy(data + 6 + field * 8, digits, 8);
}

static void sizes_beyond_the_archive_are_damage(void **state)
{
	static const char *const sizes[] = {"FFFFFFFF", "fffffffc", "7fffffff", "80000000", "00000200"};

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int field = 6; field <= 11; field += 5) {
			clear(NULL);
			add("a", "text");
			add_trailer();
			set_field(field, sizes[i]);
			assert_int_equal(count_entries(), -EINVAL);
		}
	}
}

static void strange_magic_and_digits_are_damage(void **state)
{
	static const char *const digits[] = {"0000000g", " 0000001", "-0000001", "0x000001", "0000\000001"};

	(void)state;
	for (unsigned i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
		clear(NULL);
		add("a", "text");
		add_trailer();
		set_field(6, digits[i]);
		assert_int_equal(count_entries(), -EINVAL);
	}
	clear(NULL);
	add("a", "text");
	add_trailer();
	data[5] = '7';
	assert_int_equal(count_entries(), -EINVAL);
}

static void errors_of_reading_are_passed_on(void **state)
{
	struct cpio_archive a;
	struct cpio_entry entry;

	(void)state;
	add("a", "text");
	add_trailer();
	a = archive();
	read_error = -EFAULT;
	assert_int_equal(count_entries(), -EFAULT);
	assert_int_equal(cpio_find(&a, "a", &entry), -EFAULT);
}

static void a_position_beyond_the_archive_is_refused(void **state)
{
	struct cpio_archive a;
	struct cpio_entry entry;
	uint32_t position = UINT32_MAX;

	(void)state;
	add("a", "text");
	add_trailer();
	a = archive();
	assert_int_equal(cpio_next(&a, &position, &entry), -EINVAL);
}

static void random_damage_never_leads_astray(void **state)
{
	unsigned seed = test_seed();

	(void)state;
	srand(seed);
	for (int round = 0; round < 20000; round++) {
		clear(NULL);
		add("bin/a", "some text");
		add_long("070702", "b", 200, 0100644, "more");
		add_trailer();
		for (int i = rand() % 4 + 1; i; i--)
			data[rand() % size] = "0123456789abcdefF\0/T"[rand() % 20];
		count_entries();
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, clear)
	const struct CMUnitTest tests[] = {
	        TEST(entries_come_in_order_with_their_data),
	        TEST(find_takes_the_exact_name_only),
	        TEST(a_name_padded_to_a_page_is_legal),
	        TEST(a_name_longer_than_we_keep_is_skipped),
	        TEST(a_name_without_an_end_is_damage),
	        TEST(checksums_are_compared),
	        TEST(only_executable_files_are_executable),
	        TEST(a_missing_trailer_is_damage),
	        TEST(every_truncation_is_damage),
	        TEST(sizes_beyond_the_archive_are_damage),
	        TEST(strange_magic_and_digits_are_damage),
	        TEST(errors_of_reading_are_passed_on),
	        TEST(a_position_beyond_the_archive_is_refused),
	        TEST(random_damage_never_leads_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
