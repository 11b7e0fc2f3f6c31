/* SPDX-License-Identifier: MIT */
/* links: lib/bridge/convert.c lib/bridge/errors.c */
/* Times, and what errno values programs see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <granite/abi/errno.h>

#include "lib/bridge/bridge.h"
#include "lib/bridge/convert.h"

static void times_that_are_none_are_refused(void **state)
{
	uint64_t nsecs;

	(void)state;
	assert_int_equal(nsecs_of(-1, 0, &nsecs), -EINVAL);
	assert_int_equal(nsecs_of(INT64_MIN, 0, &nsecs), -EINVAL);
	assert_int_equal(nsecs_of(0, -1, &nsecs), -EINVAL);
	assert_int_equal(nsecs_of(0, 1000000000, &nsecs), -EINVAL);
	assert_int_equal(nsecs_of(0, INT32_MAX, &nsecs), -EINVAL);
}

static void times_survive_there_and_back(void **state)
{
	uint64_t nsecs;

	(void)state;
	assert_int_equal(nsecs_of(3, 999999999, &nsecs), 0);
	assert_int_equal(nsecs, 3999999999u);
	assert_int_equal(timespec32_of(nsecs).sec, 3);
	assert_int_equal(timespec32_of(nsecs).nsec, 999999999);
	assert_int_equal(nsecs_of(1ll << 33, 1, &nsecs), 0);
	assert_int_equal(timespec64_of(nsecs).sec, 1ll << 33);
	assert_int_equal(timespec64_of(nsecs).nsec, 1);
}

static void longer_than_ever_is_for_ever(void **state)
{
	uint64_t nsecs;

	(void)state;
	assert_int_equal(nsecs_of(INT64_MAX, 999999999, &nsecs), 0);
	assert_int_equal(nsecs, NSECS_MAX);
	assert_int_equal(nsecs_of(NSECS_MAX / NSECS_PER_SEC, 999999999, &nsecs), 0);
	assert_int_equal(nsecs, NSECS_MAX);
}

static void a_rest_of_time_is_never_shown_as_none(void **state)
{
	(void)state;
	assert_int_equal(timeval_of(0).usec, 0);
	assert_int_equal(timeval_of(1).usec, 1);
	assert_int_equal(timeval_of(1000).usec, 1);
	assert_int_equal(timeval_of(1001).usec, 2);
	assert_int_equal(timeval_of(999999999).sec, 1);
	assert_int_equal(timeval_of(999999999).usec, 0);
}

static void granites_own_errors_never_reach_a_program(void **state)
{
	(void)state;
	for (int32_t error = -4095; error <= -200; error++)
		if (error >= -EBADCALL)
			assert_in_range(-bridge_result(error), 1, 199);
	assert_int_equal(bridge_result(-EBADCALL), -ENOSYS);
	assert_int_equal(bridge_result(-EDEADSRCDST), -EIO);
}

static void results_pass_unchanged(void **state)
{
	const int32_t results[] = {
	        0, 1, 42, -1, -EINTR, -133, (int32_t)0xbfff0000, (int32_t)0xffffe000, INT32_MAX};

	(void)state;
	for (unsigned i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		assert_int_equal(bridge_result(results[i]), results[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(times_that_are_none_are_refused),
	        cmocka_unit_test(times_survive_there_and_back),
	        cmocka_unit_test(longer_than_ever_is_for_ever),
	        cmocka_unit_test(a_rest_of_time_is_never_shown_as_none),
	        cmocka_unit_test(granites_own_errors_never_reach_a_program),
	        cmocka_unit_test(results_pass_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
