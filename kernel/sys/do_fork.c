/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "arch.h"
#include "grant.h"
#include "kcall.h"
#include "priv.h"
#include "sched.h"
#include "trace.h"

/* The parent waits for PM's reply, and so does the child, which inherits nothing else that is under way. */
static void become_child(struct proc *child, struct proc *parent)
{
	arch_proc_fork(child, parent);
	if (parent->steps_left)
		arch_set_stepping(child, 0);
	child->misc_flags |= parent->misc_flags & (MF_REPLY_PENDING | MF_FPU_USED);
	child->receive_from = parent->receive_from;
	child->deliver_to = parent->deliver_to;
	child->bridge_entry = parent->bridge_entry;
	child->bridge_upcall = parent->bridge_upcall;
	child->bridge_control = parent->bridge_control;
	grant_inherit(child, parent);
	proc_set_flags(child, RTS_RECEIVING);
	proc_clear_flags(child, RTS_NO_IMAGE);
	proc_set_name(child, parent->name);
	sched_inherit(child, parent);
	priv_assign(child, priv_of_child(parent));
}

/* The first process after the boot processes is RS, which hands out everybody else's privileges. */
static void become_rs(struct proc *p)
{
	priv_assign(p, &priv_table[PRIV_ID_RS]);
	sched_set(p, SCHED_PRIO_SERVER, SCHED_DEFAULT_QUANTUM);
}

/*
 * SYS_FORK, for VM: a new process with that page directory; with parent NONE one without a program.
 * Errors: EDEADSRCDST the parent is dead; EINVAL it does not wait for a reply of PM's, or the directory is
 * not one of the pool's; EAGAIN the process table is full.
 */
int do_fork(struct proc *caller, const struct sys_fork_req *request, struct sys_fork_rep *reply)
{
	struct proc *parent = NULL, *child;

	(void)caller;
	if (!arch_directory_valid(request->directory))
		return -EINVAL;
	if (request->parent != NONE) {
		parent = proc_lookup(request->parent);
		if (!parent)
			return -EDEADSRCDST;
		if (proc_small(parent) || (parent->rts_flags & ~RTS_STOPPED) != RTS_RECEIVING ||
		    !(parent->misc_flags & MF_REPLY_PENDING) || parent->receive_from != PM_PROC_NR)
			return -EINVAL;
	}
	child = proc_allocate();
	if (!child)
		return -EAGAIN;
	arch_proc_init(child);
	if (parent)
		become_child(child, parent);
	if (child->endpoint == RS_PROC_NR)
		become_rs(child);
	arch_set_directory(child, request->directory);
	if (parent)
		TRACE(PROCESS, one(EVENT_FORK, parent->endpoint, child->endpoint));
	TRACE(PROCESS, label(EVENT_NAME, child));
	reply->child = child->endpoint;
	return OK;
}
