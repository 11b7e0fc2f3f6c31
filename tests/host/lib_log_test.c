/* SPDX-License-Identifier: MIT */
/* links: lib/sys/log.c */
/* Lines for the kernel's log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/sys.h>
#include <granite/log.h>

static char logged[DIAG_MAX + 1]; /* the last line, as a string */

int sys_diagctl(const char *text, size_t bytes)
{
	assert_in_range(bytes, 1, DIAG_MAX);
	memcpy(logged, text, bytes);
	logged[bytes] = '\0';
	return OK;
}

static void a_line_has_its_name_and_its_end(void **state)
{
	(void)state;
	log_line("vm", "%s %d", "answer", 42);
	assert_string_equal(logged, "[vm] answer 42\n");
	log_line("vm", "%s", "");
	assert_string_equal(logged, "[vm] \n");
}

static void a_long_line_is_cut_and_still_ended(void **state)
{
	char text[2 * DIAG_MAX];
	size_t room = DIAG_MAX - strlen("[vm] ") - 1;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t length = room - 1; length <= room + 2; length++) {
		log_line("vm", "%.*s", (int)length, text);
		assert_int_equal(strlen(logged), strlen("[vm] ") + (length < room ? length : room) + 1);
		assert_int_equal(logged[strlen(logged) - 1], '\n');
		assert_int_equal(logged[strlen(logged) - 2], 'x');
	}
}

static void a_long_name_is_cut(void **state)
{
	char name[2 * DIAG_MAX];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	log_line(name, "text");
	assert_string_equal(logged, "[nnnnnnnnnnnnnnnn] text\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_line_has_its_name_and_its_end),
	        cmocka_unit_test(a_long_line_is_cut_and_still_ended),
	        cmocka_unit_test(a_long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
