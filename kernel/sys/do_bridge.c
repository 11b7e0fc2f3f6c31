/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"

/*
 * SYS_BRIDGE: the caller's bridge is there. Whether the addresses are mapped is seen when they are used.
 * The control words alone are the kernel's to write, so they must lie within the process.
 * Errors: EINVAL one is 0, or the control record is not aligned to its size; EFAULT they end beyond the
 * process.
 */
int do_bridge(struct proc *caller, const struct sys_bridge_req *request, struct sys_bridge_rep *reply)
{
	(void)reply;
	if (!request->entry || !request->upcall || !request->control ||
	    request->control % sizeof(struct bridge_control))
		return -EINVAL;
	if (!copy_in_range(caller, request->control, sizeof(struct bridge_control)))
		return -EFAULT;
	caller->bridge_entry = request->entry;
	caller->bridge_upcall = request->upcall;
	caller->bridge_control = request->control;
	return OK;
}
