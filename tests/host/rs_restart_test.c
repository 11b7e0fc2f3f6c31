/* SPDX-License-Identifier: MIT */
/* links: servers/rs/restart.c */
/* Delays between restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "servers/rs/restart.h"

static void delays_double_up_to_a_limit(void **state)
{
	uint32_t failures = 0;
	uint64_t last = restart_delay(&failures, 0);

	(void)state;
	assert_int_equal(last, RESTART_DELAY_MIN_NSECS);
	assert_int_equal(restart_delay(&failures, 0), 2 * last);
	assert_int_equal(restart_delay(&failures, 0), 4 * last);
	for (int i = 0; i < 1000; i++)
		last = restart_delay(&failures, 0);
	assert_int_equal(last, RESTART_DELAY_MAX_NSECS);
}

static void the_record_does_not_wrap(void **state)
{
	uint32_t failures = UINT32_MAX;

	(void)state;
	assert_int_equal(restart_delay(&failures, 0), RESTART_DELAY_MAX_NSECS);
	assert_int_equal(failures, UINT32_MAX);
}

static void a_sound_run_clears_the_record(void **state)
{
	uint32_t failures = 50;

	(void)state;
	assert_int_equal(restart_delay(&failures, RESTART_SOUND_NSECS), RESTART_DELAY_MIN_NSECS);
	assert_int_equal(restart_delay(&failures, RESTART_SOUND_NSECS - 1), 2 * RESTART_DELAY_MIN_NSECS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(delays_double_up_to_a_limit),
	        cmocka_unit_test(the_record_does_not_wrap),
	        cmocka_unit_test(a_sound_run_clears_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
