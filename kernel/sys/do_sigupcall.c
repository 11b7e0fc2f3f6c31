/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "ipc.h"
#include "kcall.h"

/* Ends what p waits for if a signal may; returns the server that must cancel p's call, or NONE. */
static endpoint_t interrupt(struct proc *p, uint32_t state)
{
	int in_reply_phase = (p->misc_flags & MF_REPLY_PENDING) != 0;

	if (p->misc_flags & MF_KERNEL_MESSAGE || !(p->rts_flags & (RTS_SENDING | RTS_RECEIVING)))
		return NONE;
	if (in_reply_phase && !(p->misc_flags & MF_INTERRUPTIBLE))
		return NONE;
	/* In a plain send the message may matter more than the signal: it goes out first. */
	if (!in_reply_phase && (p->rts_flags & RTS_SENDING || state == SIGUPCALL_STOP))
		return NONE;
	if (in_reply_phase && !(p->rts_flags & RTS_SENDING))
		return p->receive_from;
	ipc_abort(p, -EINTR);
	return NONE;
}

/*
 * SYS_SIGUPCALL, for PM: see enum sigupcall_state. Errors: EDEADSRCDST it is dead; EPERM it is small, and so
 * takes no signals; EINVAL no such state.
 */
int do_sigupcall(struct proc *caller, const struct sys_sigupcall_req *request,
                 struct sys_sigupcall_rep *reply)
{
	struct proc *p = proc_lookup(request->endpoint);

	(void)caller;
	reply->blocked_on = NONE;
	if (request->state > SIGUPCALL_STOP)
		return -EINVAL;
	if (!p)
		return -EDEADSRCDST;
	if (proc_small(p))
		return -EPERM;
	if (request->state == SIGUPCALL_NONE) {
		p->misc_flags &= ~(MF_SIGNAL_NOTED | MF_UPCALL);
		return OK;
	}
	p->misc_flags |= MF_SIGNAL_NOTED | MF_UPCALL;
	reply->blocked_on = interrupt(p, request->state);
	return OK;
}
