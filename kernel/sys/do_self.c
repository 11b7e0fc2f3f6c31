/* SPDX-License-Identifier: MIT */
#include "kcall.h"

/* SYS_SELF: who am I? */
int do_self(struct proc *caller, const struct sys_self_req *request, struct sys_self_rep *reply)
{
	(void)request;
	reply->endpoint = caller->endpoint;
	return OK;
}
