/* SPDX-License-Identifier: MIT */
/* nanosleep(2) and ITIMER_REAL. */
#include "pm.h"

/* Shorter intervals are made this long: they would keep PM busy with nothing else. */
#define INTERVAL_MIN_NSECS 1000000u

static void woken(void *owner)
{
	wait_end(owner, OK, NULL, 0);
}

int do_nanosleep(struct process *caller, const struct pm_nanosleep_req *request,
                 struct pm_nanosleep_rep *reply)
{
	uint64_t now = clock_now();
	uint64_t end = request->absolute ? request->nsecs : clock_after(now, request->nsecs);

	(void)reply;
	if (end <= now)
		return OK;
	caller->sleep_is_absolute = request->absolute;
	wait_begin_until(caller, WAITS_SLEEP, end, woken);
	signal_settle(caller);
	return SERVER_NO_REPLY;
}

static void alarm_rings(void *owner)
{
	const struct signal_info info = {.code = SI_KERNEL};
	struct process *process = owner;

	if (process->alarm_interval) {
		uint64_t next = clock_after(process->alarm.when, process->alarm_interval);
		uint64_t soonest = clock_after(clock_now(), INTERVAL_MIN_NSECS);

		clock_set(&process->alarm, next > soonest ? next : soonest);
	}
	signal_send(process, SIGALRM, &info);
}

int do_itimer(struct process *caller, const struct pm_itimer_req *request, struct pm_itimer_rep *reply)
{
	reply->value_nsecs = clock_left(&caller->alarm);
	reply->interval_nsecs = caller->alarm_interval;
	if (!request->set)
		return OK;
	clock_cancel(&caller->alarm);
	caller->alarm_interval = request->interval_nsecs;
	if (request->value_nsecs) {
		caller->alarm.fire = alarm_rings;
		caller->alarm.owner = caller;
		clock_set(&caller->alarm, clock_after(clock_now(), request->value_nsecs));
	}
	return OK;
}
