/* SPDX-License-Identifier: MIT */
/* alarm and setitimer: PM has one timer a process, ITIMER_REAL. */
#include <sys/time.h>
#include <granite/abi/errno.h>

#include "bridge.h"
#include "convert.h"

static int32_t nsecs_of_timeval(const struct linux_timeval *time, uint64_t *nsecs)
{
	if (time->usec < 0 || time->usec >= 1000000)
		return -EINVAL;
	return nsecs_of(time->sec, time->usec * (int32_t)NSECS_PER_USEC, nsecs);
}

static int32_t put_timer(uint32_t address, const struct pm_itimer_rep *timer)
{
	struct linux_itimerval time = {.interval = timeval_of(timer->interval_nsecs),
	                               .value = timeval_of(timer->value_nsecs)};

	return user_put_if(address, &time, sizeof(time));
}

/* alarm(seconds): what was left of the old one, in whole seconds, and at least one if any time was left */
int32_t linux_alarm(struct bridge_regs *regs)
{
	union pm_itimer_message call;
	uint32_t left;
	int32_t result;

	call.req = (struct pm_itimer_req){.set = 1, .value_nsecs = (uint64_t)regs->ebx * NSECS_PER_SEC};
	result = pm_itimer_call(&call);
	if (result != OK)
		return result;
	left = (uint32_t)((call.rep.value_nsecs + NSECS_PER_SEC / 2) / NSECS_PER_SEC);
	return left == 0 && call.rep.value_nsecs != 0 ? 1 : (int32_t)left;
}

/* Address 0: a timer that is not set. */
static int32_t get_timer(uint32_t address, struct pm_itimer_req *timer)
{
	struct linux_itimerval time = {.value = {0, 0}};
	int32_t result = address ? user_get(&time, address, sizeof(time)) : OK;

	if (result == OK)
		result = nsecs_of_timeval(&time.value, &timer->value_nsecs);
	return result == OK ? nsecs_of_timeval(&time.interval, &timer->interval_nsecs) : result;
}

/* setitimer(which, new, old) */
int32_t linux_setitimer(struct bridge_regs *regs)
{
	union pm_itimer_message call;
	struct pm_itimer_req timer = {.set = 1};
	int32_t result = regs->ebx == ITIMER_REAL ? get_timer(regs->ecx, &timer) : -EINVAL;

	if (result != OK)
		return result;
	call.req = timer;
	result = pm_itimer_call(&call);
	return result == OK ? put_timer(regs->edx, &call.rep) : result;
}

/* getitimer(which, now) */
int32_t linux_getitimer(struct bridge_regs *regs)
{
	union pm_itimer_message call;
	int32_t result;

	if (regs->ebx != ITIMER_REAL)
		return -EINVAL;
	call.req = (struct pm_itimer_req){.set = 0};
	result = pm_itimer_call(&call);
	return result == OK ? put_timer(regs->ecx, &call.rep) : result;
}
