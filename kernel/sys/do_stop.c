/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"

/* SYS_STOP, for PM: stops a process or lets it go on. Errors: EDEADSRCDST it is dead; EPERM it is small. */
int do_stop(struct proc *caller, const struct sys_stop_req *request, struct sys_stop_rep *reply)
{
	struct proc *p = proc_lookup(request->endpoint);

	(void)caller;
	(void)reply;
	if (!p)
		return -EDEADSRCDST;
	if (proc_small(p))
		return -EPERM;
	if (request->stop)
		proc_set_flags(p, RTS_STOPPED);
	else
		proc_clear_flags(p, RTS_STOPPED);
	return OK;
}
