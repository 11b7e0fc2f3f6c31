/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"
#include "step.h"

/*
 * SYS_STEP, for tests: a process dies after so many instructions. Errors: EBADCALL this kernel has no
 * assertions either; EDEADSRCDST it is dead; EPERM it is small; EINVAL it is the caller.
 */
int do_step(struct proc *caller, const struct sys_step_req *request, struct sys_step_rep *reply)
{
	struct proc *p;

	(void)reply;
	if (!STEP_EXISTS)
		return -EBADCALL;
	p = proc_resolve(caller, request->endpoint);
	if (!p)
		return -EDEADSRCDST;
	if (proc_small(p))
		return -EPERM;
	if (p == caller)
		return -EINVAL;
	step_set(p, request->instructions);
	return OK;
}
