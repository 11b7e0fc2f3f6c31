/* SPDX-License-Identifier: MIT */
/* links: programs/lib/processes.c */
/* What ps says: who is whose child, who is called what, and what each waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "programs/lib/processes.h"

#define NR_MAX 600

static struct proc_info kernel[NR_MAX];
static struct pm_procinfo_rep pm[NR_MAX];
static uint32_t nr_kernel, nr_pm;
static struct process list[2 * NR_MAX];
static struct processes all;
static char text[PROCESS_WORDS_MAX];

static int setup(void **state)
{
	(void)state;
	memset(kernel, 0, sizeof(kernel));
	memset(pm, 0, sizeof(pm));
	nr_kernel = nr_pm = 0;
	all = (struct processes){list, 0};
	return 0;
}

static struct proc_info *add_to_kernel(endpoint_t endpoint, const char *name)
{
	struct proc_info *info = &kernel[nr_kernel++];

	*info = (struct proc_info){.endpoint = endpoint, .blocked_on = NONE};
	strcpy(info->name, name);
	return info;
}

static struct pm_procinfo_rep *add_to_pm(endpoint_t endpoint, int32_t pid, int32_t ppid, const char *name)
{
	struct pm_procinfo_rep *info = &pm[nr_pm++];

	*info = (struct pm_procinfo_rep){.endpoint = endpoint, .pid = pid, .ppid = ppid};
	strcpy(info->name, name);
	return info;
}

static void add(int32_t pid, int32_t ppid, const char *name)
{
	endpoint_t endpoint = pid == 1 ? RS_PROC_NR : ENDPOINT_MAKE(10 + pid, 1);

	add_to_kernel(endpoint, name);
	add_to_pm(endpoint, pid, ppid, name);
}

static void add_small(void)
{
	add_to_kernel(VM_PROC_NR, "vm")->small = 1;
	add_to_kernel(PM_PROC_NR, "pm")->small = 1;
}

static void merge(void)
{
	processes_merge(&all, kernel, nr_kernel, pm, nr_pm);
}

/* The processes as `ps` shows them, one a line. */
static const char *tree(int width)
{
	static char lines[NR_MAX * 80];
	char branch[PROCESS_BRANCH_MAX];

	merge();
	processes_sort_as_tree(&all);
	lines[0] = '\0';
	for (uint32_t i = 0; i < all.count; i++) {
		strcat(lines, process_branch(&all, &list[i], width, branch));
		strcat(lines, "\n");
	}
	return lines;
}

static void children_are_shown_below_their_parents(void **state)
{
	(void)state;
	add(7, 3, "sleep");
	add(3, 1, "sh");
	add(9, 6, "true");
	add_small();
	add(2, 1, "console");
	add(6, 3, "sh");
	add(1, 0, "rs");
	assert_string_equal(tree(30), "vm\n"
	                              "pm\n"
	                              "rs\n"
	                              "|- console\n"
	                              "`- sh\n"
	                              "   |- sh\n"
	                              "   |  `- true\n"
	                              "   `- sleep\n");
}

static void a_narrow_column_cuts_the_name(void **state)
{
	(void)state;
	add(1, 0, "rs");
	add(2, 1, "fifteen-letters");
	assert_string_equal(tree(10), "rs\n`- fifteen\n");
}

static void a_process_without_its_parent_is_a_root(void **state)
{
	(void)state;
	add(1, 0, "rs");
	add(5, 4, "orphan");
	add(6, 5, "child");
	assert_string_equal(tree(30), "rs\norphan\n`- child\n");
}

/* What is told piece by piece need not be of one moment. */
static void a_circle_of_parents_is_shown_once(void **state)
{
	(void)state;
	add(5, 6, "a");
	add(6, 5, "b");
	add(7, 7, "c");
	assert_string_equal(tree(30), "a\n`- b\nc\n");
}

static void a_deep_tree_stays_within_its_column(void **state)
{
	(void)state;
	for (int pid = 1; pid <= NR_MAX; pid++)
		add(pid, pid - 1, "fifteen-letters");
	(void)tree(20);
	assert_int_equal(all.count, NR_MAX);
	for (uint32_t i = 0; i < all.count; i++) {
		char branch[PROCESS_BRANCH_MAX];

		assert_int_equal(list[i].pm.pid, i + 1);
		assert_true(strlen(process_branch(&all, &list[i], 20, branch)) <= 20);
		assert_non_null(strstr(branch, "fifteen-"));
		assert_true(strlen(process_branch(&all, &list[i], 1000, branch)) < PROCESS_BRANCH_MAX);
	}
}

static void who_is_known_to_one_side_only_is_left_out(void **state)
{
	(void)state;
	add_small();
	add(1, 0, "rs");
	add_to_kernel(ENDPOINT_MAKE(50, 1), "unborn");
	add_to_pm(ENDPOINT_MAKE(51, 1), 51, 1, "just-dead");
	add_to_pm(ENDPOINT_MAKE(10 + 4, 1), 4, 1, "old"); /* its slot has a new tenant */
	add_to_kernel(ENDPOINT_MAKE(10 + 4, 2), "new");
	kernel[nr_kernel++] = (struct proc_info){.endpoint = NONE};
	merge();
	assert_int_equal(all.count, 3);
}

static void zombies_are_there_and_have_a_pid_only(void **state)
{
	const struct process *found = NULL;

	(void)state;
	add(1, 0, "rs");
	add_to_pm(NONE, 8, 1, "ended")->user_nsecs = 123;
	merge();
	assert_int_equal(all.count, 2);
	assert_int_equal(processes_match(&all, "8", &found), 1);
	assert_true(process_is_zombie(found));
	assert_int_equal(found->kernel.user_nsecs, 123);
	assert_string_equal(found->kernel.name, "ended");
	assert_string_equal(process_words(&all, found, 0, text), "has ended (zombie)");
	assert_int_equal(processes_match(&all, "ended", &found), 0);
}

static void processes_are_named_by_pid_or_label(void **state)
{
	const struct process *found = NULL;

	(void)state;
	add_small();
	add(1, 0, "rs");
	add(12, 1, "sleep");
	add(13, 1, "sleep");
	add(14, 1, "x1");
	merge();
	assert_int_equal(processes_match(&all, "13", &found), 1);
	assert_int_equal(found->pm.pid, 13);
	assert_int_equal(processes_match(&all, "vm", &found), 1);
	assert_int_equal(found->kernel.endpoint, VM_PROC_NR);
	assert_int_equal(processes_match(&all, "sleep", &found), 2);
	assert_int_equal(found->pm.pid, 12);
	assert_int_equal(processes_match(&all, "x1", &found), 1);
	static const char *const nobody[] = {
	        "", "0", "-1", "-13", "15", "slee", "13x", "99999999999999999999", " "};
	for (unsigned i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
		assert_int_equal(processes_match(&all, nobody[i], &found), 0);
}

static void kinds_are_told(void **state)
{
	(void)state;
	add_small();
	add(1, 0, "rs");
	add(2, 1, "console");
	add(3, 2, "x");
	pm[1].flags = PM_PROC_SERVICE;
	merge();
	assert_string_equal(process_kind(&list[0]), "core");
	assert_string_equal(process_kind(&list[2]), "core");
	assert_string_equal(process_kind(&list[3]), "service");
	assert_string_equal(process_kind(&list[4]), "program");
}

/* What is said of a process with these flags, blocked on that process. */
static const char *words(uint32_t flags, endpoint_t on, uint32_t waits, uint32_t pm_flags)
{
	setup(NULL);
	add_small();
	add(1, 0, "rs");
	add(2, 1, "x");
	kernel[3].rts_flags = flags;
	kernel[3].blocked_on = on;
	pm[1].waits = waits;
	pm[1].flags = pm_flags;
	merge();
	return process_words(&all, &list[3], RS_PROC_NR, text);
}

static void what_a_process_waits_for_is_said_in_words(void **state)
{
	(void)state;
	assert_string_equal(words(0, NONE, 0, 0), "ready to run");
	assert_string_equal(words(RTS_RECEIVING, ANY, 0, 0), "waits for a message");
	assert_string_equal(words(RTS_RECEIVING, HARDWARE, 0, 0), "waits for an interrupt");
	assert_string_equal(words(RTS_RECEIVING, CLOCK, 0, 0), "waits for the clock");
	assert_string_equal(words(RTS_RECEIVING, RS_PROC_NR, 0, 0), "waits for rs");
	assert_string_equal(words(RTS_RECEIVING, 999999, 0, 0), "waits for somebody gone");
	assert_string_equal(words(RTS_SENDING | RTS_RECEIVING, RS_PROC_NR, 0, 0), "wants to send to rs");
	assert_string_equal(words(RTS_RECEIVING, PM_PROC_NR, WAITS_SLEEP, 0), "sleeps");
	assert_string_equal(words(RTS_RECEIVING, PM_PROC_NR, WAITS_CHILD, 0), "waits for a child");
	assert_string_equal(words(RTS_RECEIVING, PM_PROC_NR, WAITS_NOT, 0), "waits for pm");
	assert_string_equal(words(RTS_RECEIVING, PM_PROC_NR, 99, 0), "waits for pm");
	assert_string_equal(words(RTS_RECEIVING, RS_PROC_NR, WAITS_SLEEP, 0), "waits for rs");
	assert_string_equal(words(RTS_SENDING | RTS_RECEIVING, PM_PROC_NR, WAITS_SLEEP, 0),
	                    "wants to send to pm");
	assert_string_equal(words(RTS_RECEIVING, PM_PROC_NR, WAITS_SLEEP, PM_PROC_STOPPED), "stopped");
	assert_string_equal(words(RTS_STOPPED, NONE, 0, 0), "stopped");
	assert_string_equal(words(RTS_PAGEFAULT | RTS_SENDING, VM_PROC_NR, 0, 0), "waits for memory");
	assert_string_equal(words(RTS_EXCEPTION, PM_PROC_NR, 0, 0), "has failed, pm sees to it");
	assert_string_equal(words(RTS_NO_IMAGE, NONE, 0, 0), "is being made");
}

static void who_asks_runs(void **state)
{
	(void)state;
	(void)words(0, NONE, 0, 0);
	assert_string_equal(process_words(&all, &list[3], list[3].kernel.endpoint, text), "runs");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
	        TEST(children_are_shown_below_their_parents),
	        TEST(a_narrow_column_cuts_the_name),
	        TEST(a_process_without_its_parent_is_a_root),
	        TEST(a_circle_of_parents_is_shown_once),
	        TEST(a_deep_tree_stays_within_its_column),
	        TEST(who_is_known_to_one_side_only_is_left_out),
	        TEST(zombies_are_there_and_have_a_pid_only),
	        TEST(processes_are_named_by_pid_or_label),
	        TEST(kinds_are_told),
	        TEST(what_a_process_waits_for_is_said_in_words),
	        TEST(who_asks_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
