/* SPDX-License-Identifier: MIT */
/* links: programs/lib/format.c */
/* How numbers are shown to people: rounded rightly, never too wide for their column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "programs/lib/format.h"

#define SEC  1000000000ull
#define MIN  (60 * SEC)
#define HOUR (60 * MIN)
#define DAY  (24 * HOUR)

static char text[FORMAT_MAX];

static void counts_have_separators(void **state)
{
	(void)state;
	assert_string_equal(format_count(text, 0), "0");
	assert_string_equal(format_count(text, 999), "999");
	assert_string_equal(format_count(text, 1000), "1,000");
	assert_string_equal(format_count(text, 1234567), "1,234,567");
	assert_string_equal(format_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void bytes_have_the_unit_that_fits(void **state)
{
	(void)state;
	assert_string_equal(format_bytes(text, 0), "0 B");
	assert_string_equal(format_bytes(text, 1023), "1023 B");
	assert_string_equal(format_bytes(text, 1024), "1 KiB");
	assert_string_equal(format_bytes(text, 1536), "1.5 KiB");
	assert_string_equal(format_bytes(text, 172 * 1024), "172 KiB");
	assert_string_equal(format_bytes(text, 1023 * 1024), "1023 KiB");
	assert_string_equal(format_bytes(text, 1024 * 1024 - 1), "1 MiB");
	assert_string_equal(format_bytes(text, 1024 * 1024 - 400), "1 MiB");
	assert_string_equal(format_bytes(text, 1024 * 1024), "1 MiB");
	assert_string_equal(format_bytes(text, 18 * 1024 * 1024 - 400 * 1024), "17.6 MiB");
	assert_string_equal(format_bytes(text, 3ull << 30), "3 GiB");
	assert_string_equal(format_pages(text, 32), "128 KiB");
	assert_string_equal(format_pages(text, 0), "0 B");
}

static void no_size_is_wider_than_its_column(void **state)
{
	(void)state;
	for (uint64_t bytes = 1; bytes < 1000ull << 30; bytes += bytes / 7 + 1)
		assert_true(strlen(format_bytes(text, bytes)) <= 8);
}

static void times_have_two_units(void **state)
{
	(void)state;
	assert_string_equal(format_time(text, 0), "0.00 s");
	assert_string_equal(format_time(text, 30000000), "0.03 s");
	assert_string_equal(format_time(text, MIN - 1), "59.99 s");
	assert_string_equal(format_time(text, MIN), "1m 00s");
	assert_string_equal(format_time(text, HOUR - 1), "59m 59s");
	assert_string_equal(format_time(text, 3 * HOUR + 5 * MIN), "3h 05m");
	assert_string_equal(format_time(text, DAY - 1), "23h 59m");
	assert_string_equal(format_time(text, 12 * DAY + 3 * HOUR), "12d 03h");
	for (uint64_t nsecs = 1; nsecs < 100 * DAY; nsecs += nsecs / 7 + 1)
		assert_true(strlen(format_time(text, nsecs)) <= 8);
	assert_true(strlen(format_time(text, UINT64_MAX)) < FORMAT_MAX);
}

static void shares_are_rounded(void **state)
{
	(void)state;
	assert_int_equal(format_share(0, 0), 0);
	assert_int_equal(format_share(5, 0), 0);
	assert_int_equal(format_share(1, 3), 333);
	assert_int_equal(format_share(2, 3), 667);
	assert_int_equal(format_share(7, 7), 1000);
	assert_string_equal(format_permille(text, 7), "0.7%");
	assert_string_equal(format_permille(text, 1000), "100.0%");
	assert_string_equal(format_permille(text, 1003), "100.0%");
}

static void bars_show_something_of_whatever_there_is(void **state)
{
	(void)state;
	assert_string_equal(format_bar(text, 0, 100, 10), "");
	assert_string_equal(format_bar(text, 1, 1000, 10), "#");
	assert_string_equal(format_bar(text, 50, 100, 10), "#####");
	assert_string_equal(format_bar(text, 100, 100, 10), "##########");
	assert_string_equal(format_bar(text, 200, 100, 10), "##########");
	assert_string_equal(format_bar(text, 5, 0, 10), "#");
	assert_int_equal(strlen(format_bar(text, 1, 1, 1000)), FORMAT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(counts_have_separators),
	        cmocka_unit_test(bytes_have_the_unit_that_fits),
	        cmocka_unit_test(no_size_is_wider_than_its_column),
	        cmocka_unit_test(times_have_two_units),
	        cmocka_unit_test(shares_are_rounded),
	        cmocka_unit_test(bars_show_something_of_whatever_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
