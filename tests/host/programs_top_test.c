/* SPDX-License-Identifier: MIT */
/* links: programs/top/view.c programs/lib/format.c programs/lib/processes.c */
/* What top shows: shares, rates, order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "programs/top/view.h"

#define MSEC 1000000ull
#define SEC  (1000 * MSEC)
#define MIB  (1ull << 20)

static struct process then_list[3], now_list[4];
static uint64_t now_bytes[4];
static struct moment before, now, boot;
static struct view view;

static struct process process(const char *name, endpoint_t endpoint, int pid, uint64_t msecs)
{
	struct process process = {.kernel = {.endpoint = endpoint, .user_nsecs = msecs * MSEC},
	                          .pm = {.pid = pid}};
	strncpy(process.kernel.name, name, sizeof(process.kernel.name) - 1);
	return process;
}

/* Two seconds have passed: `busy` has run for one of them, `calm` not at all; `young` is new. */
static int setup(void **state)
{
	(void)state;
	then_list[0] = process("vm", VM_PROC_NR, 0, 100);
	then_list[1] = process("calm", 2000, 5, 900);
	then_list[2] = process("busy", 2001, 6, 200);
	now_list[0] = process("vm", VM_PROC_NR, 0, 100);
	now_list[1] = process("calm", 2000, 5, 900);
	now_list[2] = process("busy", 2001, 6, 1200);
	now_list[3] = process("young", 3000, 7, 300);
	now_list[1].kernel.rts_flags = RTS_RECEIVING;
	now_list[1].kernel.blocked_on = ANY;
	memcpy(now_bytes, (uint64_t[]){18 * MIB, 4096, 8192, MIB}, sizeof(now_bytes));
	before = (struct moment){.uptime = 10 * SEC, .all = {then_list, 3}};
	now = (struct moment){.uptime = 12 * SEC, .all = {now_list, 4}, .bytes = now_bytes};
	before.counters = (struct granite_counters){.ticks = 1000, .idle_ticks = 900, .kernel_entries = 5000};
	now.counters = (struct granite_counters){.ticks = 1200, .idle_ticks = 970, .kernel_entries = 8000};
	now.memory = (struct vm_info_rep){.total = 1000, .free = 500, .pool_free = 250};
	view = (struct view){.before = &before, .now = &now, .self = 2001};
	return 0;
}

static const char *shown(void)
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");
	assert_non_null(out);
	view_print(out, &view);
	fclose(out);
	return text;
}

/* The line that begins so, without its end; empty: there is none. */
static const char *line(const char *start)
{
	static char found[256];
	const char *text = shown();
	while (*text && strncmp(text, start, strlen(start)) != 0) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	snprintf(found, sizeof(found), "%.*s", (int)strcspn(text, "\n"), text);
	return found;
}

static unsigned lines(void)
{
	unsigned count = 0;
	for (const char *text = shown(); *text; text++)
		count += *text == '\n';
	return count;
}

static void who_has_run_since(void **state)
{
	(void)state;
	assert_int_equal(view_ran(&before, &now_list[1]), 0);
	assert_int_equal(view_ran(&before, &now_list[2]), SEC);
	assert_int_equal(view_ran(&before, &now_list[3]), 300 * MSEC); /* it was not there before */
	assert_int_equal(view_ran(&boot, &now_list[2]), 1200 * MSEC);
	now_list[2].kernel.endpoint = 9001; /* another process, in its place */
	assert_int_equal(view_ran(&before, &now_list[2]), 1200 * MSEC);
}

static void a_zombie_does_not_run(void **state)
{
	(void)state;
	now_list[2].kernel.endpoint = NONE;
	assert_int_equal(view_ran(&before, &now_list[2]), 0);
}

static void rates_are_rounded_and_never_divide_by_nothing(void **state)
{
	(void)state;
	assert_int_equal(view_rate(3000, 2 * SEC), 1500);
	assert_int_equal(view_rate(1, 2 * SEC), 1);
	assert_int_equal(view_rate(1, 3 * SEC), 0);
	assert_int_equal(view_rate(7, 0), 0);
	assert_int_equal(view_rate(7, 999999), 0);
	assert_int_equal(view_rate(1ull << 50, 1000 * SEC), ((1ull << 50) + 500) / 1000);
}

static void expect_order(enum view_order order, const uint32_t *expected)
{
	uint32_t indices[4];
	view.order = order;
	assert_int_equal(view_sort(&view, indices), 0);
	assert_memory_equal(indices, expected, sizeof(indices));
}

static void processes_are_sorted(void **state)
{
	(void)state;
	expect_order(BY_CPU, (uint32_t[]){2, 3, 1, 0}); /* of calm and vm, calm has run longer in its life */
	expect_order(BY_MEMORY, (uint32_t[]){0, 3, 2, 1});
	expect_order(BY_PID, (uint32_t[]){0, 1, 2, 3});
	now_bytes[0] = now_bytes[1] = now_bytes[2] = now_bytes[3] = 0;
	expect_order(BY_MEMORY, (uint32_t[]){0, 1, 2, 3});
}

static void a_process_s_line_tells_its_share(void **state)
{
	(void)state;
	assert_string_equal(line("    6"), "    6 busy             50.0%    8 KiB   1.20 s  runs");
	assert_string_equal(line("    5"),
	                    "    5 calm                 -    4 KiB   0.90 s  waits for a message");
	assert_string_equal(line("    7"), "    7 young            15.0%    1 MiB   0.30 s  ready to run");
	assert_string_equal(line("    -"), "    - vm                   -   18 MiB   0.10 s  ready to run");
}

static void the_head_tells_of_the_machine(void **state)
{
	(void)state;
	assert_string_equal(line("Granite"),
	                    "Granite, up 12.00 s. 4 processes, 3 of them running or ready to run.");
	assert_string_equal(line("Processor"),
	                    "Processor  [################         ] 65.0% busy, 35.0% idle, last 2.00 s");
	assert_string_equal(line("Memory"), "Memory     [######                   ] 2.9 MiB free of 3.9 MiB");
	assert_string_equal(line("A second"),
	                    "A second   1,500 entries, 0 switches, 0 CR3 loads, 0 page faults");
}

static void the_first_view_tells_of_all_time(void **state)
{
	(void)state;
	view.before = &boot;
	assert_string_equal(line("Processor"),
	                    "Processor  [#####                    ] 19.2% busy, 80.8% idle since the start");
	assert_string_equal(line("    6"), "    6 busy             10.0%    8 KiB   1.20 s  runs");
}

static void what_does_not_fit_the_screen_is_counted(void **state)
{
	(void)state;
	assert_int_equal(lines(), 10);
	view.rows = 10;
	assert_int_equal(lines(), 10);
	view.rows = 9;
	assert_int_equal(lines(), 9);
	assert_string_equal(line("      and"), "      and 2 more");
	view.rows = 1;
	assert_true(lines() > 0);
}

static void colours_only_where_they_are_wanted(void **state)
{
	(void)state;
	assert_null(strchr(shown(), '\033'));
	view.coloured = 1;
	assert_non_null(strchr(shown(), '\033'));
}

static void a_clock_that_stands_still_is_no_harm(void **state)
{
	(void)state;
	now.uptime = before.uptime;
	now.counters = before.counters;
	assert_non_null(strstr(line("Processor"), "0.0% busy"));
	assert_non_null(strstr(line("    6"), "-"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
	        TEST(who_has_run_since),
	        TEST(a_zombie_does_not_run),
	        TEST(rates_are_rounded_and_never_divide_by_nothing),
	        TEST(processes_are_sorted),
	        TEST(a_process_s_line_tells_its_share),
	        TEST(the_head_tells_of_the_machine),
	        TEST(the_first_view_tells_of_all_time),
	        TEST(what_does_not_fit_the_screen_is_counted),
	        TEST(colours_only_where_they_are_wanted),
	        TEST(a_clock_that_stands_still_is_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
