/* SPDX-License-Identifier: MIT */
/* links: servers/ds/lendings.c */
/* How many ranges can be lent on: to one, and to all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/endpoint.h>

#include "servers/ds/lendings.h"
#include "servers/ds/ranges.h"

#define GRANTS (LENDINGS_MAX + 1)

static int is_given[GRANTS], is_mapped[GRANTS];
static int maps; /* whoever is lent something maps it at once */
static uint32_t questions, spare;

void __sanitizer_cov_trace_pc(void);

/* It is compiled to be killed, too, by other tests. */
void __sanitizer_cov_trace_pc(void)
{
}

/* ---- The machine ---- */

int memory_is_spare(uint32_t bytes)
{
	return spare >= bytes;
}

cp_grant_id_t memory_lend(endpoint_t to, uint32_t address, uint32_t bytes, int writable)
{
	int grant = 0;

	(void)to, (void)address, (void)bytes, (void)writable;
	while (is_given[grant])
		grant++;
	assert_in_range(grant, 0, GRANTS - 1);
	is_given[grant] = 1;
	is_mapped[grant] = maps;
	return grant;
}

void memory_take_back(cp_grant_id_t grant)
{
	assert_true(is_given[grant]);
	is_given[grant] = is_mapped[grant] = 0;
}

int memory_is_held(cp_grant_id_t grant)
{
	questions++;
	return is_mapped[grant];
}

static uint32_t count_given(void)
{
	uint32_t count = 0;

	for (int grant = 0; grant < GRANTS; grant++)
		count += is_given[grant] != 0;
	return count;
}

/* ---- */

static int begin(void **state)
{
	(void)state;
	memset(is_given, 0, sizeof(is_given));
	memset(is_mapped, 0, sizeof(is_mapped));
	maps = 1;
	questions = 0;
	spare = UINT32_MAX;
	lendings_begin();
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (int slot = 0; slot < ENDPOINT_SLOTS; slot++)
		lendings_end_to(ENDPOINT_MAKE(slot, 1));
	assert_int_equal(count_given(), 0);
	return 0;
}

static cp_grant_id_t lend(int who, uint32_t range, int has_reserve)
{
	return lendings_lend(ENDPOINT_MAKE(who, 1), range * PAGE_SIZE, PAGE_SIZE, 0, has_reserve);
}

/* As many as it gets. */
static uint32_t lend_all(int who, int has_reserve, int *result)
{
	uint32_t range = 0;

	while ((*result = lend(who, range, has_reserve)) >= 0)
		range++;
	return range;
}

static void a_range_is_lent_to_a_process_once(void **state)
{
	(void)state;
	assert_int_equal(lend(100, 7, 0), lend(100, 7, 0));
	assert_int_not_equal(lend(100, 7, 0), lend(101, 7, 0));
	assert_int_not_equal(lend(100, 7, 0),
	                     lendings_lend(ENDPOINT_MAKE(100, 1), 7 * PAGE_SIZE, PAGE_SIZE, 1, 0));
	assert_int_equal(count_given(), 3);
	lendings_end_of(7 * PAGE_SIZE);
}

static void those_that_are_not_mapped_any_more_make_room(void **state)
{
	cp_grant_id_t kept;
	int result;

	(void)state;
	kept = lend(100, 9999, 0);
	maps = 0;
	for (uint32_t range = 0; range < 10 * LENDINGS_OF_ONE; range++) {
		result = lend(100, range, 0);
		assert_true(result >= 0);
	}
	assert_int_equal(lend(100, 9999, 0), kept);
	assert_in_range(count_given(), 1, LENDINGS_OF_ONE);
	maps = 1;
	lend_all(100, 0, &result);
	assert_int_equal(result, -EDQUOT);
	assert_int_equal(count_given(), LENDINGS_OF_ONE);
}

/* Whatever others have mapped. */
static void no_more_is_asked_than_one_has(void **state)
{
	int result;

	(void)state;
	for (int who = 100; who < 140; who++)
		lend_all(who, 0, &result);
	questions = 0;
	assert_int_equal(lend(100, 9999, 0), -EDQUOT);
	assert_int_equal(questions, LENDINGS_OF_ONE);
}

static void processes_leave_a_quarter_to_services(void **state)
{
	uint32_t all = 0, more = 0;
	int result = OK;

	(void)state;
	for (int who = 100; result != -ENOSPC; who++)
		all += lend_all(who, 0, &result);
	assert_int_equal(all, LENDINGS_MAX / 4 * 3);
	for (int who = 500; more < LENDINGS_MAX / 4; who++)
		more += lend_all(who, 1, &result);
	assert_int_equal(more, LENDINGS_MAX / 4);
	assert_int_equal(lend(999, 0, 1), -ENOSPC);
	lendings_end_to(ENDPOINT_MAKE(500, 1));
	assert_int_equal(lend(999, 0, 0), -ENOSPC);
	result = lend(999, 0, 1);
	assert_true(result >= 0);
}

/* Where memory is used up nothing new is touched. */
static void more_than_there_have_been_take_memory(void **state)
{
	cp_grant_id_t last = 0;

	(void)state;
	for (uint32_t range = 0; range < 10; range++)
		last = lend(100, range, 0);
	spare = 0;
	assert_int_equal(lend(100, 9, 0), last);
	assert_int_equal(lend(100, 10, 0), -ENOSPC);
	lendings_end_of(3 * PAGE_SIZE);
	assert_true(lend(101, 3, 0) >= 0);
	assert_int_equal(lend(101, 4, 0), -ENOSPC);
	spare = UINT32_MAX;
	assert_true(lend(101, 4, 0) >= 0);
}

int main(void)
{
#define LENDINGS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
	        LENDINGS_TEST(more_than_there_have_been_take_memory), /* while there have been none */
	        LENDINGS_TEST(a_range_is_lent_to_a_process_once),
	        LENDINGS_TEST(those_that_are_not_mapped_any_more_make_room),
	        LENDINGS_TEST(no_more_is_asked_than_one_has),
	        LENDINGS_TEST(processes_leave_a_quarter_to_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
