/* SPDX-License-Identifier: MIT */
/* Message passing: the IPC traps, and what the kernel sends by itself. */
#ifndef KERNEL_IPC_H
#define KERNEL_IPC_H

#include <granite/abi/ipc.h>

#include "proc.h"

/* Control results inside the kernel; no errno comes near them. */
enum {
	IPC_BLOCKED = -10000, /* the caller waits; its result comes with the delivery */
	IPC_RETRY = -10001,   /* VM was asked for the caller's buffer; the trap is taken again */
};

/*
 * Carries out an IPC trap of `caller`: `call` an IPC_* number, `other` the peer, `address` its struct
 * message. OK, a negative errno, or a control result. Errors: EBADCALL no such call; EDEADSRCDST the peer is
 * dead; ECALLDENIED not allowed; EFAULT the address is beyond the caller's limit; ENOTREADY, ELOCKED, EAGAIN,
 * EINTR as <granite/ipc.h> says. After an error nothing has happened, but that IPC_REPLY_RECEIVE has sent its
 * reply when it gives EINTR.
 */
int ipc_trap(struct proc *caller, uint32_t call, endpoint_t other, vir_bytes address);

/* A notification from the slot of a process, or, with `from` NULL, one whose pending fields the caller has
 * set. */
void ipc_notify(struct proc *from, struct proc *to);

/* Sends `p->outgoing`, which the kernel wrote, to `server` on p's behalf; `why` (an RTS flag) lasts until its
 * verdict. */
void ipc_send_for(struct proc *p, struct proc *server, uint32_t why);

/* Ends p's wait for a message, its send or its receive, with `result`. */
void ipc_abort(struct proc *p, int result);

/* p is about to vanish: whoever waits for it learns it. */
void ipc_forget(struct proc *p);

/* Whom p waits for: an endpoint, ANY or NONE. */
endpoint_t ipc_blocked_on(const struct proc *p);

/* Copies `p->deliver` to p's memory; p is loaded. Asks VM once, then it is p's SIGSEGV. */
void ipc_deliver(struct proc *p);

#endif
