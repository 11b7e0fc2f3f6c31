/* SPDX-License-Identifier: MIT */
/*
 * Message passing between processes.
 *
 * Every function returns OK or a negative errno:
 *   EDEADSRCDST  the other process is dead, died while the caller waited, or never lived
 *   ECALLDENIED  the caller's privileges do not let it start IPC with the other
 *   ELOCKED      waiting would close a cycle of waiting processes
 *   ENOTREADY    (sendnb, reply_receive) the other does not wait for this message
 *   EINTR        (receive, sendrec_intr) a signal waits for the caller; a request has not been answered
 *   EAGAIN       (senda) SENDA_MAX_PER_SENDER messages of the caller's are under way already, or too many
 *                from whomever wait for the other, or in all
 *   EINVAL       the endpoint makes no sense here
 * A message in memory that the caller may not use is the caller's SIGSEGV, not an error.
 */
#ifndef GRANITE_IPC_H
#define GRANITE_IPC_H

#include <granite/abi/types.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/errno.h>
#include <granite/abi/ipc.h>
#include <granite/abi/message.h>

/* The trap itself: see <granite/abi/ipc.h>. ebx goes in as the message and comes out as the status. */
static inline int ipc_trap(uint32_t call, endpoint_t other, const struct message *m, int *status)
{
	int result = other;
	int ebx = (int)(uintptr_t)m;

	__asm__ volatile("int %[vector]"
	                 : "+a"(result), "+b"(ebx)
	                 : "c"(call), [vector] "i"(IPC_VECTOR)
	                 : "memory", "cc");
	*status = ebx;
	return result;
}

/* Sends *m to `destination`, and waits until it is taken. */
GRANITE_MUST_CHECK static inline int ipc_send(endpoint_t destination, struct message *m)
{
	int status;

	return ipc_trap(IPC_SEND, destination, m, &status);
}

/* Waits for a message from `source`, or from ANY. *status (may be null): IPC_STATUS_*. */
GRANITE_MUST_CHECK static inline int ipc_receive(endpoint_t source, struct message *m, int *status)
{
	int unused;

	return ipc_trap(IPC_RECEIVE, source, m, status ? status : &unused);
}

/* Sends the request in *m to `server`, and waits for its reply, which overwrites *m. */
GRANITE_MUST_CHECK static inline int ipc_sendrec(endpoint_t server, struct message *m)
{
	int status;

	return ipc_trap(IPC_SENDREC, server, m, &status);
}

/* As ipc_sendrec, but EINTR, with nothing sent, when a signal waits for the caller. */
GRANITE_MUST_CHECK static inline int ipc_sendrec_intr(endpoint_t server, struct message *m)
{
	int status;

	return ipc_trap(IPC_SENDREC_INTR, server, m, &status);
}

/*
 * Sends the reply in *m to `client`, which waits for it, then receives from ANY into *m. When the reply can't
 * be delivered at once, that is the error, and nothing is received.
 */
GRANITE_MUST_CHECK static inline int ipc_reply_receive(endpoint_t client, struct message *m, int *status)
{
	return ipc_trap(IPC_REPLY_RECEIVE, client, m, status);
}

/* Notifies `destination`; several notifications that it has not taken yet are one. */
static inline int ipc_notify(endpoint_t destination)
{
	int status;

	return ipc_trap(IPC_NOTIFY, destination, 0, &status);
}

/*
 * As ipc_notify, but does not wake `destination` while it waits for messages from ANY: it takes the
 * notification when something else comes for it, and before that. So it knows in time, and costs nothing
 * until then. Who sends to it without waiting (sendnb, reply_receive) meanwhile gets ENOTREADY, and has woken
 * it.
 */
static inline int ipc_notify_later(endpoint_t destination)
{
	int status;

	return ipc_trap(IPC_NOTIFY_LATER, destination, 0, &status);
}

/* Sends *m if `destination` waits for it right now. */
static inline int ipc_sendnb(endpoint_t destination, struct message *m)
{
	int status;

	return ipc_trap(IPC_SENDNB, destination, m, &status);
}

/* Sends a copy of *m whenever `destination` takes it; the caller goes on. */
static inline int ipc_senda(endpoint_t destination, const struct message *m)
{
	int status;

	return ipc_trap(IPC_SENDA, destination, m, &status);
}

#endif
