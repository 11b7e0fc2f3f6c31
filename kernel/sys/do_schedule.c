/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "clock.h"
#include "kcall.h"
#include "sched.h"

/* SYS_SCHEDULE, for RS and PM: a process's priority and quantum. Errors: EDEADSRCDST; EINVAL out of range;
 * EPERM small. */
int do_schedule(struct proc *caller, const struct sys_schedule_req *request, struct sys_schedule_rep *reply)
{
	struct proc *p = proc_lookup(request->endpoint);
	uint32_t ticks;

	(void)caller;
	(void)reply;
	if (!p)
		return -EDEADSRCDST;
	if (proc_small(p))
		return -EPERM;
	if (request->priority < SCHED_PRIO_DRIVER || request->priority >= SCHED_PRIORITIES ||
	    request->quantum_msecs < 1 || request->quantum_msecs > 1000)
		return -EINVAL;
	ticks = request->quantum_msecs * CLOCK_HZ / 1000;
	sched_set(p, request->priority, ticks ? ticks : 1);
	return OK;
}
