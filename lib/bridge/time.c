/* SPDX-License-Identifier: MIT */
/* What time it is, and how long who has run. */
#include <granite/abi/errno.h>
#include <granite/sys.h>

#include "bridge.h"
#include "clocks.h"
#include "convert.h"

#define TICKS_PER_SEC     100u /* AT_CLKTCK */

#define USAGE_OF_CHILDREN -1
#define USAGE_OF_SELF     0
#define USAGE_OF_THREAD   1

static int32_t run_times(struct pm_times_rep *times)
{
	union pm_times_message call;
	int32_t result = pm_times_call(&call);

	*times = call.rep;
	return result;
}

static int32_t cpu_clock(uint64_t *nsecs)
{
	struct pm_times_rep times;
	int32_t result = run_times(&times);

	*nsecs = times.user_nsecs;
	return result;
}

/* Since boot. */
static int32_t uptime(uint64_t *nsecs)
{
	return sys_clock(nsecs, NULL);
}

/* Since 1970. */
static int32_t time_of_day(uint64_t *nsecs)
{
	uint64_t uptime_nsecs;
	uint32_t epoch_secs;
	int32_t result = sys_clock(&uptime_nsecs, &epoch_secs);

	if (result == OK)
		*nsecs = uptime_nsecs + (uint64_t)epoch_secs * NSECS_PER_SEC;
	return result;
}

int32_t clock_now(uint32_t clock, uint64_t *nsecs)
{
	switch (clock) {
	case CLOCK_ID_REALTIME:
	case CLOCK_ID_REALTIME_COARSE:
		return time_of_day(nsecs);
	case CLOCK_ID_MONOTONIC:
	case CLOCK_ID_MONOTONIC_RAW:
	case CLOCK_ID_MONOTONIC_COARSE:
	case CLOCK_ID_BOOTTIME:
		return uptime(nsecs);
	case CLOCK_ID_PROCESS:
	case CLOCK_ID_THREAD:
		return cpu_clock(nsecs);
	default:
		return -EINVAL;
	}
}

/* clock_gettime(clock, now) */
int32_t linux_clock_gettime(struct bridge_regs *regs)
{
	uint64_t nsecs;
	int32_t result = clock_now(regs->ebx, &nsecs);

	return result == OK ? user_put_time32(regs->ecx, nsecs) : result;
}

int32_t linux_clock_gettime64(struct bridge_regs *regs)
{
	uint64_t nsecs;
	int32_t result = clock_now(regs->ebx, &nsecs);

	return result == OK ? user_put_time64(regs->ecx, nsecs) : result;
}

/* clock_getres(clock, resolution): all clocks count nanoseconds */
int32_t linux_clock_getres(struct bridge_regs *regs)
{
	uint64_t nsecs;
	int32_t result = clock_now(regs->ebx, &nsecs);

	return result == OK ? user_put_time32(regs->ecx, 1) : result;
}

int32_t linux_clock_getres_time64(struct bridge_regs *regs)
{
	uint64_t nsecs;
	int32_t result = clock_now(regs->ebx, &nsecs);

	return result == OK ? user_put_time64(regs->ecx, 1) : result;
}

/* gettimeofday(now, zone): the zone is always UTC */
int32_t linux_gettimeofday(struct bridge_regs *regs)
{
	static const uint32_t utc[2];
	struct linux_timeval now;
	uint64_t nsecs;
	int32_t result = time_of_day(&nsecs);

	if (result != OK)
		return result;
	now = timeval_of(nsecs - nsecs % NSECS_PER_USEC);
	result = user_put_if(regs->ebx, &now, sizeof(now));
	return result == OK ? user_put_if(regs->ecx, utc, sizeof(utc)) : result;
}

/* time(now) */
int32_t linux_time(struct bridge_regs *regs)
{
	uint64_t nsecs;
	int32_t now, result = time_of_day(&nsecs);

	if (result != OK)
		return result;
	now = (int32_t)(nsecs / NSECS_PER_SEC);
	result = user_put_if(regs->ebx, &now, sizeof(now));
	return result == OK ? now : result;
}

static int32_t ticks_of(uint64_t nsecs)
{
	return (int32_t)(nsecs / (NSECS_PER_SEC / TICKS_PER_SEC));
}

/* times(times) */
int32_t linux_times(struct bridge_regs *regs)
{
	struct linux_tms times;
	struct pm_times_rep run;
	uint64_t now;
	int32_t result = run_times(&run);

	if (result == OK)
		result = uptime(&now);
	if (result != OK)
		return result;
	times = (struct linux_tms){.utime = ticks_of(run.user_nsecs), .cutime = ticks_of(run.children_nsecs)};
	result = user_put_if(regs->ebx, &times, sizeof(times));
	/* A negative number would look like an error. */
	return result == OK ? ticks_of(now) & INT32_MAX : result;
}

/* getrusage(who, usage) */
int32_t linux_getrusage(struct bridge_regs *regs)
{
	int32_t who = (int32_t)regs->ebx;
	struct linux_rusage usage = {.counts = {0}};
	struct pm_times_rep run;
	int32_t result;

	if (who != USAGE_OF_SELF && who != USAGE_OF_CHILDREN && who != USAGE_OF_THREAD)
		return -EINVAL;
	result = run_times(&run);
	if (result != OK)
		return result;
	usage.utime = timeval_of(who == USAGE_OF_CHILDREN ? run.children_nsecs : run.user_nsecs);
	return user_put(regs->ecx, &usage, sizeof(usage));
}
