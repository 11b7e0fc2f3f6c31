/* SPDX-License-Identifier: MIT */
/*
 * Which deaths are reported. A program that crashes again and again, or many that do, must not fill the log
 * or keep PM busy: there is a limit for each program, so that one can't hide another's crash, and one for
 * all together. How many were left out is told.
 */
#include <string.h>
#include "pm.h"

#define CRASH_SIGNALS                                                                          \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS) | SIGNAL_BIT(SIGABRT))

#define SECOND           1000000000ull
#define PROGRAMS         16
#define TELL_AFTER_NSECS (5 * SECOND)

/* So many at once, and then one in every interval. */
struct limit {
	uint64_t interval;
	uint32_t burst;
};

static const struct limit of_program = {10 * SECOND, 3}, of_all = {2 * SECOND, 10};

/* When the next report would come if all came at the limit's interval. They come early, by a burst at most.
 */
static uint64_t all_due;
static struct {
	uint32_t program; /* where its file is in the archive */
	uint64_t due;
} programs[PROGRAMS];

static void tell_left_out(void *owner);

static struct timer tell_timer = {.fire = tell_left_out};
static uint32_t left_out;
static char last_left_out[CPIO_NAME_MAX];

static int within(const struct limit *limit, uint64_t due, uint64_t now)
{
	if (due < now)
		due = now;
	return due + limit->interval <= now + limit->burst * limit->interval;
}

static void use_up(const struct limit *limit, uint64_t *due, uint64_t now)
{
	*due = (*due > now ? *due : now) + limit->interval;
}

/* The program's; or the one that has been quiet for longest becomes it. */
static uint64_t *due_of(uint32_t program)
{
	unsigned quiet = 0;

	for (unsigned i = 0; i < PROGRAMS; i++) {
		if (programs[i].program == program)
			return &programs[i].due;
		if (programs[i].due < programs[quiet].due)
			quiet = i;
	}
	programs[quiet].program = program;
	programs[quiet].due = 0;
	return &programs[quiet].due;
}

static int may_report(const struct process *process, uint64_t now)
{
	uint64_t *due = due_of(process->program);

	if (!within(&of_program, *due, now) || !within(&of_all, all_due, now))
		return 0;
	use_up(&of_program, due, now);
	use_up(&of_all, &all_due, now);
	return 1;
}

static void tell_left_out(void *owner)
{
	(void)owner;
	pm_log("%u more crashes were not reported, the last of %s", left_out, last_left_out);
	left_out = 0;
}

static void leave_out(const struct process *process, uint64_t now)
{
	strncpy(last_left_out, report_program(process), sizeof(last_left_out) - 1);
	if (left_out++ == 0)
		clock_set(&tell_timer, clock_after(now, TELL_AFTER_NSECS));
}

void crash(const struct process *process, int signal, const struct signal_info *info)
{
	uint64_t now = clock_now();

	if (!(CRASH_SIGNALS & SIGNAL_BIT(signal)))
		return;
	if (may_report(process, now))
		report_crash(process, signal, info);
	else
		leave_out(process, now);
}
