/* SPDX-License-Identifier: MIT */
/* links: programs/ds/text.c programs/lib/format.c */
/* How `ds` shows entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "programs/ds/text.h"

static void assert_quoted(const char *bytes, size_t length, int width, const char *expected)
{
	char text[TEXT_MAX];

	assert_string_equal(text_quoted(text, width, bytes, length), expected);
	assert_true((int)strlen(text) <= width);
}

static void strings_are_quoted_and_cut(void **state)
{
	(void)state;
	assert_quoted("", 0, 20, "\"\"");
	assert_quoted("abc", 3, 20, "\"abc\"");
	assert_quoted("12345678", 8, 10, "\"12345678\"");
	assert_quoted("123456789", 9, 10, "\"12345\"...");
	assert_quoted("a\nb\t\"\\", 6, 20, "\"a\\nb\\t\\\"\\\\\"");
	assert_quoted("\x1b[2J\x80", 5, 20, "\"\\x1b[2J\\x80\"");
	assert_quoted("a\x1b\x1b\x1b", 4, 10, "\"a\\x1b\"...");
}

static void a_string_longer_than_all_room_does_no_harm(void **state)
{
	static char bytes[5000];
	char text[TEXT_MAX];

	(void)state;
	memset(bytes, 1, sizeof(bytes));
	for (int width = 5; width < 6000; width += 7)
		assert_true((int)strlen(text_quoted(text, width, bytes, sizeof(bytes))) <= width);
}

static void assert_value(struct ds_entry entry, const char *bytes, const char *expected)
{
	char text[TEXT_MAX];

	assert_string_equal(text_value(text, 30, &entry, bytes, bytes ? strlen(bytes) : 0), expected);
}

static void every_type_has_its_value(void **state)
{
	(void)state;
	assert_value((struct ds_entry){.type = DS_TYPE_U32, .number = 4294967295u}, "", "4294967295");
	assert_value((struct ds_entry){.type = DS_TYPE_STR, .bytes = 3}, "abc", "\"abc\"");
	assert_value((struct ds_entry){.type = DS_TYPE_MEM, .bytes = 300}, "", "300 B");
	assert_value((struct ds_entry){.type = DS_TYPE_MAP, .bytes = 16384}, "", "16 KiB, mapped");
	assert_value((struct ds_entry){.type = DS_TYPE_LABEL, .number = 1027}, "", "endpoint 1027");
	assert_value((struct ds_entry){.type = DS_TYPE_U32, .flags = DSF_PRIV_RETRIEVE}, NULL, "private");
	assert_value((struct ds_entry){.type = DS_TYPE_STR, .flags = DSF_PRIV_RETRIEVE}, NULL, "private");
	assert_value((struct ds_entry){.type = DS_TYPE_STR, .bytes = 5}, NULL, "5 B"); /* it went meanwhile */
}

static void flags_and_changes_have_names(void **state)
{
	char text[TEXT_MAX];

	(void)state;
	assert_string_equal(text_private(text, 0), "-");
	assert_string_equal(text_private(text, DSF_PRIV), "rosn");
	assert_string_equal(text_private(text, DSF_PRIV_OVERWRITE), "o");
	assert_string_equal(text_what(DS_CREATED), "created");
	assert_string_equal(text_what(DS_DELETED | DS_OWNER_DIED), "deleted");
	assert_string_equal(text_what(DS_OWNER_DIED), "orphaned");
	assert_string_equal(text_what(DS_LOST), "lost");
	assert_string_equal(text_type(DS_TYPE_MAP), "map");
	assert_string_equal(text_type(12345), "?");
}

static void assert_name(const char *name, const char *expected)
{
	char text[TEXT_MAX];

	assert_string_equal(text_name(text, name), expected);
}

/* What is shown of a key neither reaches the terminal as a command nor looks like another key. */
static void keys_are_quoted_if_they_are_not_plain(void **state)
{
	char key[DS_KEY_SIZE], text[TEXT_MAX];

	(void)state;
	assert_name("net.name", "net.name");
	assert_name("eth0.address!", "eth0.address!");
	assert_name("a b", "\"a b\"");
	assert_name("\"a b\"", "\"\\\"a b\\\"\"");
	assert_name("a\\x1b", "\"a\\\\x1b\"");
	assert_name("\x1b]0;title\a", "\"\\x1b]0;title\\x07\"");
	assert_name("a\x1b[2J\nb", "\"a\\x1b[2J\\nb\"");
	assert_name("\x9b"
	            "31m",
	            "\"\\x9b31m\"");
	memset(key, '\x1b', DS_KEY_MAX);
	key[DS_KEY_MAX] = '\0';
	assert_int_equal(strlen(text_name(text, key)), 4 * DS_KEY_MAX + 2);
	for (size_t i = 0; text[i]; i++)
		assert_in_range(text[i], ' ', '~');
}

static char *line(int width, const char *key, const char *value, const char *owner)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	text_print_line(out, width, key, "label", value, owner, "rosn");
	fclose(out);
	return text;
}

static void lines_fit_the_terminal(void **state)
{
	char key[DS_KEY_SIZE], value[100], owner[100];

	(void)state;
	memset(value, 'v', sizeof(value));
	memset(owner, 'o', sizeof(owner));
	value[99] = owner[99] = '\0';
	for (int width = 79; width < 200; width += 20) {
		for (size_t length = 1; length < DS_KEY_SIZE; length++) {
			memset(key, 'k', sizeof(key));
			key[length] = '\0';
			char *text = line(width, key, value, owner), *end = strchr(text, '\n');

			assert_int_equal(end[1] != '\0', length > 28);
			assert_true(strcspn(text, "\n") <= (length > 28 ? length : (size_t)width));
			if (end[1])
				assert_true(strcspn(end + 1, "\n") <= (size_t)width);
			free(text);
		}
	}
}

static void no_key_reaches_the_terminal_raw(void **state)
{
	char *text = line(79, "a\x1b[2J", "v", "o");

	(void)state;
	assert_int_equal(strncmp(text, "\"a\\x1b[2J\"  ", 12), 0);
	assert_null(strchr(text, '\x1b'));
	free(text);
}

static void bytes_are_shown_sixteen_in_a_line(void **state)
{
	uint8_t bytes[18] = "Granite\n\x7f\xff";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	text_print_bytes(out, bytes, sizeof(bytes));
	fclose(out);
	assert_string_equal(text,
	                    "000000  47 72 61 6e 69 74 65 0a 7f ff 00 00 00 00 00 00  Granite.........\n"
	                    "000010  00 00                                            ..\n");
	free(text);
}

static void assert_string(const char *string, int to_terminal, const char *expected)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	text_print_string(out, string, to_terminal);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_is_quoted(char byte)
{
	const char string[] = {'a', byte, '\0'};
	char text[TEXT_MAX], line[TEXT_MAX + 1];

	snprintf(line, sizeof(line), "%s\n", text_quoted(text, 20, string, 2));
	assert_string(string, 1, line);
}

static void a_terminal_gets_no_string_that_does_anything_to_it(void **state)
{
	(void)state;
	assert_string("", 1, "\n");
	assert_string("some \"words\" and \\", 1, "some \"words\" and \\\n");
	assert_string("two\nlines\t", 1, "\"two\\nlines\\t\"\n");
	assert_string("\x1b[2J\x9b\a", 1, "\"\\x1b[2J\\x9b\\x07\"\n");
	assert_string("\"a\"", 1, "\"\\\"a\\\"\"\n"); /* it is not the string a */
	for (int i = 1; i < ' '; i++)
		assert_is_quoted((char)i);
	for (int i = 0x7f; i < 0x100; i++)
		assert_is_quoted((char)i);
}

static void who_is_no_terminal_gets_the_string_as_it_is(void **state)
{
	(void)state;
	assert_string("two\nlines\x1b[2J", 0, "two\nlines\x1b[2J\n");
	assert_string("\"a\"", 0, "\"a\"\n");
}

static void numbers_are_numbers_only_if_they_fit(void **state)
{
	static const char *const no[] = {"",   "-1",          "+1", " 1", "1 ", "4294967296",
	                                 "0x", "0x100000000", "1x", "ff", "0b1"};
	uint32_t number;

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(text_number(no[i], &number));
	assert_true(text_number("0", &number) && number == 0);
	assert_true(text_number("010", &number) && number == 10);
	assert_true(text_number("4294967295", &number) && number == 4294967295u);
	assert_true(text_number("0xFfFfFfFf", &number) && number == 4294967295u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(strings_are_quoted_and_cut),
	        cmocka_unit_test(a_string_longer_than_all_room_does_no_harm),
	        cmocka_unit_test(every_type_has_its_value),
	        cmocka_unit_test(flags_and_changes_have_names),
	        cmocka_unit_test(keys_are_quoted_if_they_are_not_plain),
	        cmocka_unit_test(lines_fit_the_terminal),
	        cmocka_unit_test(no_key_reaches_the_terminal_raw),
	        cmocka_unit_test(bytes_are_shown_sixteen_in_a_line),
	        cmocka_unit_test(a_terminal_gets_no_string_that_does_anything_to_it),
	        cmocka_unit_test(who_is_no_terminal_gets_the_string_as_it_is),
	        cmocka_unit_test(numbers_are_numbers_only_if_they_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
