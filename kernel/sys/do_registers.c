/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "arch.h"
#include "kcall.h"

/*
 * SYS_REGISTERS, for PM's reports: a process's registers. Errors: EDEADSRCDST it is dead; EINVAL it is the
 * caller, whose registers change all the time.
 */
int do_registers(struct proc *caller, const struct sys_registers_req *request,
                 struct sys_registers_rep *reply)
{
	struct proc *p = proc_resolve(caller, request->endpoint);

	if (!p)
		return -EDEADSRCDST;
	if (p == caller)
		return -EINVAL;
	arch_registers(p, reply);
	return OK;
}
