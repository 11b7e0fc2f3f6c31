/* SPDX-License-Identifier: MIT */
/* links: lib/bridge/strings.c tests/host/bridge_user.c */
/* Packing the strings of a new program. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/pm.h>

#include "lib/bridge/exec.h"

#include "bridge_user.h"

#define LIST 0x100
#define TEXT 0x1000

static uint32_t put_list(const uint32_t *strings, uint32_t count)
{
	uint32_t *list = user_at(LIST);

	memcpy(list, strings, count * sizeof(*strings));
	list[count] = 0;
	return user_base() + LIST;
}

static uint32_t put_text(uint32_t offset, const char *text)
{
	strcpy(user_at(offset), text);
	return user_base() + offset;
}

static void strings_are_packed_in_order(void **state)
{
	uint32_t strings[3], list, count = 0, bytes = 0;
	char packed[16], *end = packed;

	(void)state;
	strings[0] = put_text(TEXT, "one");
	strings[1] = put_text(TEXT + 100, "");
	strings[2] = put_text(TEXT + 200, "three");
	list = put_list(strings, 3);
	assert_int_equal(exec_measure(list, &count, &bytes), 0);
	assert_int_equal(count, 3);
	assert_int_equal(bytes, 11);
	assert_int_equal(exec_pack(list, count, &end), 0);
	assert_ptr_equal(end, packed + 11);
	assert_memory_equal(packed, "one\0\0three", 11);
}

static void no_list_is_an_empty_one(void **state)
{
	uint32_t count = 0, bytes = 0;

	(void)state;
	assert_int_equal(exec_measure(0, &count, &bytes), 0);
	assert_int_equal(exec_measure(put_list(&bytes, 0), &count, &bytes), 0);
	assert_int_equal(count, 0);
	assert_int_equal(bytes, 0);
}

static void the_limit_is_exact(void **state)
{
	uint32_t string, list, count = 0, bytes = 0;

	(void)state;
	memset(user_at(TEXT), 'x', PM_ARGS_MAX);
	*(char *)user_at(TEXT + PM_ARGS_MAX - 1) = 0;
	string = user_base() + TEXT;
	list = put_list(&string, 1);
	assert_int_equal(exec_measure(list, &count, &bytes), 0);
	assert_int_equal(bytes, PM_ARGS_MAX);
	assert_int_equal(exec_measure(list, &count, &bytes), -E2BIG);
	bytes = 1;
	assert_int_equal(exec_measure(list, &count, &bytes), -E2BIG);
	*(char *)user_at(TEXT + PM_ARGS_MAX - 1) = 'x';
	bytes = 0;
	assert_int_equal(exec_measure(list, &count, &bytes), -E2BIG);
}

static void bad_addresses_are_efault(void **state)
{
	uint32_t count = 0, bytes = 0, nowhere = 16;

	(void)state;
	assert_int_equal(exec_measure(nowhere, &count, &bytes), -EFAULT);
	assert_int_equal(exec_measure(put_list(&nowhere, 1), &count, &bytes), -EFAULT);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(strings_are_packed_in_order),
	        cmocka_unit_test(no_list_is_an_empty_one),
	        cmocka_unit_test(the_limit_is_exact),
	        cmocka_unit_test(bad_addresses_are_efault),
	};

	return cmocka_run_group_tests(tests, user_setup, NULL);
}
