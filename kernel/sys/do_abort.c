/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "arch.h"
#include "kcall.h"
#include "panic.h"

/* SYS_ABORT: the end of the system; see enum abort_how. Errors: EINVAL. */
int do_abort(struct proc *caller, const struct sys_abort_req *request, struct sys_abort_rep *reply)
{
	(void)reply;
	switch (request->how) {
	case ABORT_PANIC:
		panic("%s gave up", caller->name);
	case ABORT_POWEROFF:
	case ABORT_RESET:
		arch_abort(request->how, request->status);
	default:
		return -EINVAL;
	}
}
