/* SPDX-License-Identifier: MIT */
/* Shows, again and again, who uses the processor and the memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <time.h>
#include <granite/sys.h>

#include "../lib/colours.h"
#include "../lib/number.h"
#include "../lib/terminal.h"
#include "../lib/usage.h"
#include "sample.h"

#define ABOUT "shows, again and again, who uses the processor and the memory"

static const struct usage usage = {
        "top", "[-d SECONDS] [-n VIEWS] [-s cpu|memory|pid]", ABOUT,
        "  -d  the time between two views, 0.1 to 1000 seconds; 2 if not given\n"
        "  -n  prints so many views, one below the other, and ends: for other programs\n"
        "  -s  what comes first: who has run most since the view before (cpu), who has most "
        "memory, or the least pid\n"
        "CPU is the share of the processor's time since the view before; the first view tells of "
        "all time since the start. MEMORY and TIME are as `ps` has them.\n"
        "Keys: q quits; space shows a new view at once; c, m and p sort by cpu, memory and pid; "
        "+ and - change the time between two views, 1 to 9 set it in seconds."};

#define SECONDS_LEAST 0.1
#define SECONDS_MOST  1000
#define MSECS_DEFAULT 2000
#define VIEWS_MAX     1000000

static long msecs = MSECS_DEFAULT; /* between two views */
static long views;                 /* to be printed; 0: a screen that is refreshed */
static enum view_order order = BY_CPU;

static const char *const order_names[] = {[BY_CPU] = "cpu", [BY_MEMORY] = "memory", [BY_PID] = "pid"};

/* ---- Arguments ---- */

static long msecs_of(const char *text)
{
	double seconds;
	if (seconds_parse(text, SECONDS_LEAST, SECONDS_MOST, &seconds) != 0)
		usage_wrong(&usage, 'd', text, "a number of seconds from 0.1 to 1000");
	return (long)(seconds * 1000);
}

static enum view_order order_of(const char *text)
{
	for (int i = BY_CPU; i <= BY_PID; i++)
		if (strcmp(text, order_names[i]) == 0)
			return (enum view_order)i;
	usage_wrong(&usage, 's', text, "cpu, memory or pid");
}

static void parse(int argc, char **argv)
{
	int option;
	while ((option = usage_option(&usage, argc, argv, "d:n:s:")) != -1) {
		if (option == 'd')
			msecs = msecs_of(optarg);
		else if (option == 's')
			order = order_of(optarg);
		else if (number_parse(optarg, 1, VIEWS_MAX, &views) != 0)
			usage_wrong(&usage, 'n', optarg, "a number of views");
	}
	if (optind < argc)
		usage_fail(&usage, "'%s' is too much", argv[optind]);
}

/* ---- Many views, for programs ---- */

static void pause_between(void)
{
	struct timespec time = {.tv_sec = msecs / 1000, .tv_nsec = msecs % 1000 * 1000000};
	(void)nanosleep(&time, NULL);
}

static void print_views(void)
{
	struct moment before = {0}, now = {0};
	struct view view = {.before = &before, .now = &now, .order = order, .self = sys_self()};
	for (long i = 0; i < views; i++) {
		if (i > 0) {
			putchar('\n');
			pause_between();
		}
		sample_take(&now);
		view_print(stdout, &view);
		fflush(stdout);
		sample_free(&before);
		before = now;
	}
}

/* ---- A screen, for people ---- */

static const long steps[] = {100, 200, 500, 1000, 2000, 5000, 10000, 20000, 60000};

#define NR_STEPS ((int)(sizeof(steps) / sizeof(steps[0])))

static void make_longer(void)
{
	int i = 0;
	while (i < NR_STEPS - 1 && steps[i] <= msecs)
		i++;
	msecs = steps[i] > msecs ? steps[i] : msecs;
}

static void make_shorter(void)
{
	int i = NR_STEPS - 1;
	while (i > 0 && steps[i] >= msecs)
		i--;
	msecs = steps[i] < msecs ? steps[i] : msecs;
}

static void show(const struct moment *before, const struct moment *now)
{
	char keys[128], *text = NULL;
	size_t length;
	unsigned rows, columns;
	FILE *out = open_memstream(&text, &length);
	terminal_size(&rows, &columns);
	snprintf(keys, sizeof(keys), "q quits, space: now, +-: every %g s, sorted (c m p) by %s",
	         (double)msecs / 1000, order_names[order]);
	struct view view = {.before = before,
	                    .now = now,
	                    .order = order,
	                    .self = sys_self(),
	                    .rows = rows,
	                    .keys = keys,
	                    .coloured = 1};
	if (!out) {
		perror("top");
		exit(1);
	}
	view_print(out, &view);
	if (fclose(out) == 0)
		terminal_show(text);
	free(text);
}

enum wish { WISH_NOTHING, WISH_NEW, WISH_SAME, WISH_END };

/* What a key asks for: a new view, the same moment shown anew, or the end. */
static enum wish act_on(int key)
{
	switch (key) {
	case 'q':
		return WISH_END;
	case ' ':
	case TERMINAL_TIME_OVER:
		return WISH_NEW;
	case 'c':
		order = BY_CPU;
		return WISH_SAME;
	case 'm':
		order = BY_MEMORY;
		return WISH_SAME;
	case 'p':
		order = BY_PID;
		return WISH_SAME;
	case '+':
		make_longer();
		return WISH_SAME;
	case '-':
		make_shorter();
		return WISH_SAME;
	case TERMINAL_REDRAW:
		return WISH_SAME;
	default:
		if (key < '1' || key > '9')
			return WISH_NOTHING;
		msecs = (key - '0') * 1000L;
		return WISH_SAME;
	}
}

static long msecs_since(const struct moment *moment)
{
	uint64_t now;
	return sys_clock(&now, NULL) == OK ? (long)((now - moment->uptime) / 1000000) : 0;
}

/* Shows a moment until another is wanted. Returns 0: the end is wanted. */
static int linger(const struct moment *before, const struct moment *now)
{
	enum wish wish = WISH_SAME;
	while (wish == WISH_SAME || wish == WISH_NOTHING) {
		if (wish == WISH_SAME)
			show(before, now);
		long left = msecs - msecs_since(now);
		wish = act_on(terminal_key(left > 0 ? left : 0));
	}
	return wish == WISH_NEW;
}

static void refresh(void)
{
	struct moment before = {0}, now = {0};
	if (terminal_open() != 0) {
		perror("top: the terminal");
		exit(1);
	}
	sample_take(&now);
	while (linger(&before, &now)) {
		sample_free(&before);
		before = now;
		sample_take(&now);
	}
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	if (views == 0 && !colours_wanted())
		views = 1;
	if (views > 0)
		print_views();
	else
		refresh();
	return 0;
}
