/* SPDX-License-Identifier: MIT */
#include "kcall.h"
#include "sched.h"

/* SYS_YIELD: the others of the caller's priority run first. */
int do_yield(struct proc *caller, const struct sys_yield_req *request, struct sys_yield_rep *reply)
{
	(void)request;
	(void)reply;
	sched_requeue(caller);
	return OK;
}
