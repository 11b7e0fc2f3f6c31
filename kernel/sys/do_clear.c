/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "arch.h"
#include "alarm.h"
#include "ipc.h"
#include "irq.h"
#include "kcall.h"
#include "panic.h"
#include "trace.h"

/*
 * SYS_CLEAR, for PM: the process vanishes from the kernel; whoever waits for it gets EDEADSRCDST. Its memory
 * is VM's to free. Errors: EDEADSRCDST it is dead already. The death of VM, PM or RS is the system's.
 */
int do_clear(struct proc *caller, const struct sys_clear_req *request, struct sys_clear_rep *reply)
{
	struct proc *p = proc_lookup(request->endpoint);

	(void)caller;
	(void)reply;
	if (!p)
		return -EDEADSRCDST;
	if (proc_is_vital(p))
		panic("%s ended", p->name);
	TRACE(PROCESS, plain(EVENT_EXIT, p->endpoint));
	trace_forget(p->endpoint);
	ipc_forget(p);
	irq_forget(p);
	alarm_set(p, 0);
	proc_free(p);
	arch_proc_forget(p);
	return OK;
}
