/* SPDX-License-Identifier: MIT */
/* alarm and setitimer: PM has one timer a process, ITIMER_REAL. */
#include <granite/abi/errno.h>
#include <sys/time.h>

#include "bridge.h"
#include "convert.h"

static int32_t nsecs_of_timeval(const struct linux_timeval *time, uint64_t *nsecs)
{
	if (time->usec < 0 || time->usec >= 1000000)
		return -EINVAL;
	return nsecs_of(time->sec, time->usec * (int32_t)NSECS_PER_USEC, nsecs);
}

static struct linux_itimerval itimerval_of(const struct pm_itimer_rep *timer)
{
	return (struct linux_itimerval){.interval = timeval_of(timer->interval_nsecs),
	                                .value = timeval_of(timer->value_nsecs)};
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

static int32_t read_timer(const struct linux_itimerval *new, struct pm_itimer_req *timer)
{
	int32_t result = nsecs_of_timeval(&new->value, &timer->value_nsecs);

	return result == OK ? nsecs_of_timeval(&new->interval, &timer->interval_nsecs) : result;
}

/* setitimer(which, new, old); no `new` clears it */
int32_t linux_setitimer(struct bridge_regs *regs)
{
	const struct linux_itimerval *new = user_pointer(regs->ecx);
	struct linux_itimerval *old = user_pointer(regs->edx);
	union pm_itimer_message call;
	struct pm_itimer_req timer = {.set = 1};
	int32_t result;

	if (regs->ebx != ITIMER_REAL)
		return -EINVAL;
	if (new &&read_timer(new, &timer) != OK)
		return -EINVAL;
	call.req = timer;
	result = pm_itimer_call(&call);
	if (result == OK && old)
		*old = itimerval_of(&call.rep);
	return result;
}

/* getitimer(which, now) */
int32_t linux_getitimer(struct bridge_regs *regs)
{
	struct linux_itimerval *now = user_pointer(regs->ecx);
	union pm_itimer_message call;
	int32_t result;

	if (regs->ebx != ITIMER_REAL)
		return -EINVAL;
	call.req = (struct pm_itimer_req){.set = 0};
	result = pm_itimer_call(&call);
	if (result == OK)
		*now = itimerval_of(&call.rep);
	return result;
}
