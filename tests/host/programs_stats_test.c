/* SPDX-License-Identifier: MIT */
/* links: programs/stats/report.c programs/lib/format.c programs/lib/wrap.c programs/lib/terminal_size.c */
/* How stats shows the kernel's counters. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "programs/stats/report.h"

#define SEC 1000000000ull

static char *report(const struct granite_counters *moved, uint64_t nsecs, enum report_flag flags)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	report_print(out, moved, nsecs, flags);
	fclose(out);
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned times = 0;

	for (; (text = strstr(text, what)); text++)
		times++;
	return times;
}

static void assert_shown(const struct granite_counters *moved, uint64_t nsecs, enum report_flag flags,
                         const char *what, unsigned times)
{
	char *text = report(moved, nsecs, flags);

	if (count(text, what) != times)
		fail_msg("%s: not %u times in:\n%s", what, times, text);
	free(text);
}

static void every_counter_is_shown_once(void **state)
{
	const struct granite_counters none = {0};

	(void)state;
#define COUNTER(name, text) assert_shown(&none, 0, REPORT_ALL, "  " text "\n", 1);
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
}

static void what_did_not_move_is_not_shown(void **state)
{
	const struct granite_counters moved = {.windows = 1234567};

	(void)state;
	assert_shown(&moved, 0, 0, "     1,234,567  windows opened\n", 1);
	assert_shown(&moved, 0, 0, "page", 0);
	assert_shown(&moved, 0, 0, "\nMemory of others\n", 1);
	assert_shown(&moved, 0, 0, "\nInto the kernel\n", 0);
}

static void rates_are_told_from_a_second_on(void **state)
{
	const struct granite_counters moved = {.windows = 3000}, year = {.windows = 1000000000000};

	(void)state;
	assert_shown(&moved, SEC - 1, 0, "a second", 0);
	assert_shown(&moved, SEC, 0, "         3,000      3,000  windows opened\n", 1);
	assert_shown(&moved, 3 * SEC / 2, 0, "         3,000      2,000  windows opened\n", 1);
	/* Nor do rates overflow in a year. */
	assert_shown(&year, 365 * 24 * 3600 * SEC, 0, "1,000,000,000,000     31,709  windows opened\n", 1);
}

static void the_meaning_is_told_if_there_is_one(void **state)
{
	const struct granite_counters moved = {.switches = 200,
	                                       .cr3_loads = 30,
	                                       .ticks = 100,
	                                       .idle_ticks = 99},
	                              none = {0};

	(void)state;
	assert_shown(&moved, 0, 0, "15.0% of the switches", 1);
	assert_shown(&moved, 0, 0, "99.0% of the time nobody ran", 1);
	assert_shown(&none, 0, 0, "%", 0);
}

static void differences_are_taken_counter_by_counter(void **state)
{
	struct granite_counters before, after, moved;
	uint64_t n = 1;

	(void)state;
#define COUNTER(name, text) \
	before.name = n;    \
	after.name = n * 3; \
	n++;
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
	moved = report_difference(&before, &after);
	n = 1;
#define COUNTER(name, text)                  \
	assert_int_equal(moved.name, 2 * n); \
	n++;
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_counter_is_shown_once),
	        cmocka_unit_test(what_did_not_move_is_not_shown),
	        cmocka_unit_test(rates_are_told_from_a_second_on),
	        cmocka_unit_test(the_meaning_is_told_if_there_is_one),
	        cmocka_unit_test(differences_are_taken_counter_by_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
