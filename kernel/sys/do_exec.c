/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "arch.h"
#include "alarm.h"
#include "ipc.h"
#include "irq.h"
#include "kcall.h"
#include "string.h"
#include "trace.h"

/*
 * SYS_EXEC, for PM: the process begins its new program at pc. What it waited for, its bridge, alarm,
 * interrupt lines, FPU state and TLS are gone; its endpoint, its privileges and what others have sent it
 * stay. Errors: EDEADSRCDST it is dead; EINVAL it is small or PM itself.
 */
int do_exec(struct proc *caller, const struct sys_exec_req *request, struct sys_exec_rep *reply)
{
	struct proc *p = proc_lookup(request->endpoint);
	char name[PROC_NAME_MAX];

	(void)reply;
	if (!p)
		return -EDEADSRCDST;
	if (proc_small(p) || p == caller)
		return -EINVAL;
	memcpy(name, request->name, PROC_NAME_MAX);
	name[PROC_NAME_MAX - 1] = '\0';
	trace_forget(p->endpoint);
	ipc_abort(p, OK);
	p->misc_flags &= ~(MF_WORK | MF_SIGNAL_NOTED | MF_CALL_ENDS | MF_NO_SHARING);
	p->call_done = p->vm_asked = 0;
	p->vm_verdict = OK;
	alarm_set(p, 0);
	irq_forget(p);
	p->bridge_entry = p->bridge_upcall = p->bridge_control = 0;
	proc_set_name(p, name);
	TRACE(PROCESS, label(EVENT_EXEC, p));
	p->steps_left = 0;
	arch_proc_start(p, request->pc, request->sp);
	proc_clear_flags(p, RTS_NO_IMAGE | RTS_PAGEFAULT | RTS_VMREQUEST | RTS_EXCEPTION);
	return OK;
}
