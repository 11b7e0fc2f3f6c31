/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"

/*
 * SYS_BRIDGE: the caller's bridge is there. Whether the addresses are any good is seen when they are used.
 * Errors: EINVAL one is 0, or the control words are not aligned.
 */
int do_bridge(struct proc *caller, const struct sys_bridge_req *request, struct sys_bridge_rep *reply)
{
	(void)reply;
	if (!request->entry || !request->upcall || !request->control || request->control % sizeof(uint32_t))
		return -EINVAL;
	caller->bridge_entry = request->entry;
	caller->bridge_upcall = request->upcall;
	caller->bridge_control = request->control;
	return OK;
}
