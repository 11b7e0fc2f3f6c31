/* SPDX-License-Identifier: MIT */
/* Sleeping. A sleep that a handler interrupts ends with EINTR, whatever SA_RESTART says, as on Linux. */
#include <granite/abi/errno.h>

#include "bridge.h"
#include "clocks.h"

#define SLEEP_ABSOLUTE 1 /* TIMER_ABSTIME */

int32_t sleep_for(uint64_t nsecs, uint64_t *left_nsecs)
{
	union pm_nanosleep_message call;
	int32_t result;

	call.req = (struct pm_nanosleep_req){.nsecs = nsecs};
	result = pm_nanosleep_call(&call);
	*left_nsecs = call.rep.left_nsecs;
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

/* The two forms of a struct timespec. */
struct time_form {
	int32_t (*get)(uint32_t address, uint64_t *nsecs);
	int32_t (*put)(uint32_t address, uint64_t nsecs);
};
static const struct time_form time32 = {user_get_time32, user_put_time32};
static const struct time_form time64 = {user_get_time64, user_put_time64};

/* Sleeps; if that is interrupted, the time left goes to the program's address `left`. */
static int32_t sleep_and_tell(uint64_t nsecs, uint32_t left, const struct time_form *form)
{
	uint64_t left_nsecs;
	int32_t result = sleep_for(nsecs, &left_nsecs);

	if (result == -EINTR && form->put(left, left_nsecs) != OK)
		return -EFAULT;
	return result;
}

/* nanosleep(time, left) */
int32_t linux_nanosleep(struct bridge_regs *regs)
{
	uint64_t nsecs;
	int32_t result = user_get_time32(regs->ebx, &nsecs);

	return result == OK ? sleep_and_tell(nsecs, regs->ecx, &time32) : result;
}

/* clock_nanosleep(clock, flags, time, left) */
static int32_t clock_nanosleep(const struct bridge_regs *regs, const struct time_form *form)
{
	uint64_t nsecs;
	int32_t result = clock_sleeps(regs->ebx) ? form->get(regs->edx, &nsecs) : -EINVAL;

	if (result != OK)
		return result;
	if (regs->ecx & SLEEP_ABSOLUTE)
		return sleep_until(regs->ebx, nsecs);
	return sleep_and_tell(nsecs, regs->esi, form);
}

int32_t linux_clock_nanosleep(struct bridge_regs *regs)
{
	return clock_nanosleep(regs, &time32);
}

int32_t linux_clock_nanosleep_time64(struct bridge_regs *regs)
{
	return clock_nanosleep(regs, &time64);
}
