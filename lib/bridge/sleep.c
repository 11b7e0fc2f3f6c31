/* SPDX-License-Identifier: MIT */
/*
 * Sleeping. A sleep that a handler interrupts ends with EINTR, whatever SA_RESTART says, as on Linux.
 */
#include <granite/abi/errno.h>

#include "bridge.h"
#include "clocks.h"
#include "convert.h"

#define SLEEP_ABSOLUTE 1 /* TIMER_ABSTIME */

/* *left counts with EINTR only. */
int32_t sleep_for(uint64_t nsecs, uint64_t *left)
{
	union pm_nanosleep_message call;
	int32_t result;

	call.req = (struct pm_nanosleep_req){.nsecs = nsecs};
	result = pm_nanosleep_call(&call);
	*left = call.rep.left_nsecs;
	return result;
}

static int clock_sleeps(uint32_t clock)
{
	return clock == CLOCK_ID_REALTIME || clock == CLOCK_ID_MONOTONIC || clock == CLOCK_ID_BOOTTIME;
}

/* Until the clock shows `nsecs`. Clocks here are never set, so the time from now is right. */
static int32_t sleep_until(uint32_t clock, uint64_t nsecs)
{
	uint64_t now, left;
	int32_t result = clock_now(clock, &now);

	if (result != OK || now >= nsecs)
		return result;
	return sleep_for(nsecs - now, &left);
}

/* nanosleep(time, left) */
int32_t linux_nanosleep(struct bridge_regs *regs)
{
	const struct linux_timespec32 *time = user_pointer(regs->ebx);
	struct linux_timespec32 *left = user_pointer(regs->ecx);
	uint64_t nsecs, left_nsecs = 0;
	int32_t result = nsecs_of(time->sec, time->nsec, &nsecs);

	if (result == OK)
		result = sleep_for(nsecs, &left_nsecs);
	if (result == -EINTR && left)
		*left = timespec32_of(left_nsecs);
	return result;
}

/* clock_nanosleep(clock, flags, time, left) */
int32_t linux_clock_nanosleep(struct bridge_regs *regs)
{
	const struct linux_timespec32 *time = user_pointer(regs->edx);
	struct linux_timespec32 *left = user_pointer(regs->esi);
	uint64_t nsecs, left_nsecs = 0;
	int32_t result = clock_sleeps(regs->ebx) ? nsecs_of(time->sec, time->nsec, &nsecs) : -EINVAL;

	if (result != OK)
		return result;
	if (regs->ecx & SLEEP_ABSOLUTE)
		return sleep_until(regs->ebx, nsecs);
	result = sleep_for(nsecs, &left_nsecs);
	if (result == -EINTR && left)
		*left = timespec32_of(left_nsecs);
	return result;
}

int32_t linux_clock_nanosleep_time64(struct bridge_regs *regs)
{
	const struct linux_timespec64 *time = user_pointer(regs->edx);
	struct linux_timespec64 *left = user_pointer(regs->esi);
	uint64_t nsecs, left_nsecs = 0;
	int32_t result = clock_sleeps(regs->ebx) ? nsecs_of((int64_t)time->sec, time->nsec, &nsecs) : -EINVAL;

	if (result != OK)
		return result;
	if (regs->ecx & SLEEP_ABSOLUTE)
		return sleep_until(regs->ebx, nsecs);
	result = sleep_for(nsecs, &left_nsecs);
	if (result == -EINTR && left)
		*left = timespec64_of(left_nsecs);
	return result;
}
