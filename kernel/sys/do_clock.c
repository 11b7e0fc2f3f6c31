/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "kcall.h"

/* SYS_CLOCK: the time. */
int do_clock(struct proc *caller, const struct sys_clock_req *request, struct sys_clock_rep *reply)
{
	(void)caller;
	(void)request;
	reply->uptime_nsecs = clock_uptime();
	reply->epoch_secs = clock_epoch;
	return OK;
}
