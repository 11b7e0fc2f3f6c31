/* SPDX-License-Identifier: MIT */
#include "alarm.h"
#include "clock.h"
#include "kcall.h"

/*
 * SYS_SETALARM: a notification from CLOCK at or after the time given; it replaces the alarm there was. A time
 * in the past rings with the next tick; one that no clock reaches rings never.
 */
int do_setalarm(struct proc *caller, const struct sys_setalarm_req *request, struct sys_setalarm_rep *reply)
{
	uint64_t now = clock_uptime(), at = request->nsecs;

	if (caller->alarm_at > now)
		reply->left_nsecs = caller->alarm_at - now;
	if (at && !request->absolute)
		at = at > UINT64_MAX - now ? UINT64_MAX : now + at;
	alarm_set(caller, at);
	return OK;
}
