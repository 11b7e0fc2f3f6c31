/* SPDX-License-Identifier: MIT */
/* links: lib/bridge/small/arena.c tests/host/bridge_user.c */
/* A small process's memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/layout.h>

#include "lib/bridge/small/arena.h"

#include "bridge_user.h"

static uint32_t start;

static int reset(void **state)
{
	(void)state;
	if (!start && user_setup(state) != 0)
		return -1;
	start = user_base();
	memset(user_at(0), 0xaa, USER_BYTES);
	arena_init(start);
	return 0;
}

static void assert_zero(uint32_t address, uint32_t bytes)
{
	const char *byte = (const char *)(uintptr_t)address;

	for (uint32_t i = 0; i < bytes; i++)
		assert_int_equal(byte[i], 0);
}

static void the_break_moves_within_the_arena(void **state)
{
	(void)state;
	assert_int_equal(arena_brk(0), start);
	assert_int_equal(arena_brk(start + 5000), start + 5000);
	assert_zero(start, 5000);
	assert_int_equal(arena_brk(start - 1), start + 5000);
	assert_int_equal(arena_brk(start + SMALL_ARENA_SIZE + 1), start + 5000);
	assert_int_equal(arena_brk(UINT32_MAX), start + 5000);
	assert_int_equal(arena_brk(start + SMALL_ARENA_SIZE), start + SMALL_ARENA_SIZE);
	assert_int_equal(arena_brk(start), start);
}

static void mappings_come_from_above_and_are_zero(void **state)
{
	uint32_t first = (uint32_t)arena_map(1), second = (uint32_t)arena_map(2 * PAGE_SIZE);

	(void)state;
	assert_int_equal(first, start + SMALL_ARENA_SIZE - PAGE_SIZE);
	assert_int_equal(second, first - 2 * PAGE_SIZE);
	assert_zero(second, 3 * PAGE_SIZE);
	memset((void *)(uintptr_t)second, 1, PAGE_SIZE);
	assert_int_equal(arena_unmap(second, 2 * PAGE_SIZE), 0);
	assert_int_equal((uint32_t)arena_map(2 * PAGE_SIZE), second);
	assert_zero(second, PAGE_SIZE);
}

static void break_and_mappings_never_meet(void **state)
{
	(void)state;
	assert_int_equal(arena_brk(start + 3 * PAGE_SIZE + 1), start + 3 * PAGE_SIZE + 1);
	assert_int_equal(arena_map(SMALL_ARENA_SIZE - 3 * PAGE_SIZE), -ENOMEM);
	assert_int_equal((uint32_t)arena_map(SMALL_ARENA_SIZE - 4 * PAGE_SIZE), start + 4 * PAGE_SIZE);
	assert_int_equal(arena_map(1), -ENOMEM);
	assert_int_equal(arena_brk(start + 4 * PAGE_SIZE), start + 4 * PAGE_SIZE);
	assert_int_equal(arena_brk(start + 4 * PAGE_SIZE + 1), start + 4 * PAGE_SIZE);
}

static void senseless_requests_are_refused(void **state)
{
	(void)state;
	assert_int_equal(arena_map(0), -EINVAL);
	assert_int_equal(arena_map(UINT32_MAX), -ENOMEM);
	assert_int_equal(arena_map(SMALL_ARENA_SIZE + 1), -ENOMEM);
	assert_int_equal(arena_unmap(start + 1, PAGE_SIZE), -EINVAL);
	assert_int_equal(arena_unmap(start, 0), -EINVAL);
	assert_int_equal(arena_unmap(start - PAGE_SIZE, PAGE_SIZE), -EINVAL);
	assert_int_equal(arena_unmap(start + SMALL_ARENA_SIZE, PAGE_SIZE), -EINVAL);
	assert_int_equal(arena_unmap(start + PAGE_SIZE, SMALL_ARENA_SIZE), -EINVAL);
	assert_int_equal(arena_unmap(start, UINT32_MAX), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(the_break_moves_within_the_arena, reset),
	        cmocka_unit_test_setup(mappings_come_from_above_and_are_zero, reset),
	        cmocka_unit_test_setup(break_and_mappings_never_meet, reset),
	        cmocka_unit_test_setup(senseless_requests_are_refused, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
