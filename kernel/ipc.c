/* SPDX-License-Identifier: MIT */
/*
 * Message passing. A message goes from the sender's memory, which is loaded while it traps, into the
 * receiver's table entry, and from there into the receiver's memory when that is loaded next: no message
 * needs a window.
 *
 *     sender's memory --arch_message_in--> receiver->deliver --ipc_deliver--> receiver's memory
 *                \--> sender->outgoing (while it must wait) --/
 */
#include "ipc.h"

#include <granite/abi/errno.h>

#include "arch.h"
#include "vmassert.h"
#include "async.h"
#include "counters.h"
#include "notify.h"
#include "priv.h"
#include "trace.h"
#include "vmrequest.h"

/* Copies the message of a trapping process. OK, or IPC_RETRY when VM was asked for it. */
static int message_in(struct proc *caller, vir_bytes address, struct message *to)
{
	uint32_t fault = arch_message_in(caller, address, to);

	to->m_source = caller->endpoint;
	if (!fault) {
		caller->vm_asked = 0;
		return OK;
	}
	if (vm_request(caller, caller, address, sizeof(*to), 0) != OK)
		raise_segv(caller, fault);
	return IPC_RETRY;
}

void ipc_deliver(struct proc *p)
{
	uint32_t fault = arch_message_out(p, p->deliver_to, &p->deliver);

	COUNT(buffered_deliveries);
	if (!fault) {
		p->vm_asked = 0;
		p->misc_flags &= ~MF_DELIVER;
		TRACE(IPC, delivered(p));
		return;
	}
	if (vm_request(p, p, p->deliver_to, sizeof(p->deliver), 1) != OK)
		raise_segv(p, fault);
}

/* p's wait for a message is over: `deliver` holds it. */
static void finish_receive(struct proc *p, uint32_t status)
{
	p->misc_flags = (p->misc_flags & ~(MF_REPLY_PENDING | MF_INTERRUPTIBLE)) | MF_DELIVER;
	arch_set_result(p, OK);
	arch_set_status(p, status);
	if (p->rts_flags & RTS_RECEIVING)
		proc_clear_flags(p, RTS_RECEIVING | RTS_NOTED);
}

/* Whether p waits for a message from `source`, and has been notified of nothing that comes before it. */
static int waits_for(const struct proc *p, endpoint_t source)
{
	return (p->rts_flags & (RTS_RECEIVING | RTS_SENDING | RTS_NOTED)) == RTS_RECEIVING &&
	       (p->receive_from == ANY || p->receive_from == source);
}

/*
 * Whether a message that `call` makes can be handed over now. Who is in the second half of a sendrec takes
 * the reply only: neither a request of its server's nor anything asynchronous can be mistaken for it.
 */
static int can_take(const struct proc *to, const struct proc *from, uint32_t call)
{
	if (!waits_for(to, from->endpoint))
		return 0;
	return !(to->misc_flags & MF_REPLY_PENDING) || !(call == IPC_SENDREC || call == IPC_SENDA);
}

endpoint_t ipc_blocked_on(const struct proc *p)
{
	if (p->rts_flags & RTS_SENDING)
		return p->send_to;
	if (p->rts_flags & RTS_RECEIVING)
		return p->receive_from;
	return NONE;
}

/* Whether `to` waits, perhaps through others, for `caller`. A process waits for one other at most: no cycle
 * goes unseen. */
static int would_deadlock(const struct proc *caller, const struct proc *to)
{
	for (int steps = 0; to && steps < NR_PROCS; steps++) {
		if (to == caller)
			return 1;
		to = proc_lookup(ipc_blocked_on(to));
	}
	return 0;
}

static void callers_append(struct proc *to, struct proc *p)
{
	p->callers_next = NULL;
	p->callers_prev = to->callers_tail;
	if (to->callers_tail)
		to->callers_tail->callers_next = p;
	else
		to->callers_head = p;
	to->callers_tail = p;
}

/* p, which sends to `to`, does not stand in its queue any more. */
static void callers_remove(struct proc *to, struct proc *p)
{
	if (p->callers_prev)
		p->callers_prev->callers_next = p->callers_next;
	else
		to->callers_head = p->callers_next;
	if (p->callers_next)
		p->callers_next->callers_prev = p->callers_prev;
	else
		to->callers_tail = p->callers_prev;
}

/* The first process that sends to `to`, or `source` if it is one of them; NULL: there is none. */
static struct proc *callers_find(const struct proc *to, endpoint_t source)
{
	struct proc *p;

	if (source == ANY)
		return to->callers_head;
	p = proc_lookup(source);
	return p && p->rts_flags & RTS_SENDING && p->send_to == to->endpoint ? p : NULL;
}

/* Out of line, for few are notified for later. */
static __attribute__((noinline, cold)) void wake_noted(struct proc *p)
{
	if (notify_take(p, ANY))
		finish_receive(p, IPC_NOTIFY);
}

/* Something has come for p: what it was notified of for later it takes now, and this next. */
static void take_noted(struct proc *p)
{
	if (p->rts_flags & RTS_NOTED)
		wake_noted(p);
}

static void block_sending(struct proc *p, struct proc *to)
{
	p->send_to = to->endpoint;
	callers_append(to, p);
	proc_set_flags(p, RTS_SENDING);
	take_noted(to);
}

static void block_receiving(struct proc *p, endpoint_t source, vir_bytes address)
{
	p->receive_from = source;
	p->deliver_to = address;
	proc_set_flags(p, RTS_RECEIVING);
}

/* VM's or PM's answer to what the kernel asked it. 1: it was one, *result is that of the send. */
static int send_verdict(struct proc *caller, struct proc *to, vir_bytes address, int *result)
{
	struct message verdict;

	if (!(to->rts_flags & (RTS_PAGEFAULT | RTS_VMREQUEST | RTS_EXCEPTION)) || !proc_is_vital(caller))
		return 0;
	*result = message_in(caller, address, &verdict);
	if (*result == OK)
		TRACE(FAULT, verdict(caller, to, verdict.m_type));
	return *result != OK || vm_verdict(caller, to, verdict.m_type);
}

/* Sends without waiting: OK, -ENOTREADY, -ECALLDENIED or IPC_RETRY. Answering a sendrec needs no right. */
static int send_now(struct proc *caller, struct proc *to, vir_bytes address, uint32_t call)
{
	int result;

	if (can_take(to, caller, call)) {
		if (!(to->misc_flags & MF_REPLY_PENDING) && !priv_may_send(caller, to))
			return -ECALLDENIED;
		result = message_in(caller, address, &to->deliver);
		if (result != OK)
			return result;
		TRACE(IPC, send(caller, to, call));
		finish_receive(to, call);
		return OK;
	}
	if (send_verdict(caller, to, address, &result))
		return result;
	return priv_may_send(caller, to) ? -ENOTREADY : -ECALLDENIED;
}

static int send_if_ready(struct proc *caller, struct proc *to, vir_bytes address)
{
	int result = send_now(caller, to, address, IPC_SENDNB);

	if (result == -ENOTREADY)
		take_noted(to);
	return result;
}

/* Sends, and waits for the receiver if it must: then IPC_BLOCKED. */
static int send(struct proc *caller, struct proc *to, vir_bytes address, uint32_t call)
{
	int result = send_now(caller, to, address, call);

	if (result != -ENOTREADY)
		return result;
	if (would_deadlock(caller, to))
		return -ELOCKED;
	result = message_in(caller, address, &caller->outgoing);
	if (result != OK)
		return result;
	TRACE(IPC, queue(caller, to, call));
	block_sending(caller, to);
	return IPC_BLOCKED;
}

/* What the kernel asked for a process is over before p, which is VM, took it up. */
static void withdraw(struct proc *p, struct proc *sender)
{
	callers_remove(p, sender);
	sender->misc_flags &= ~MF_KERNEL_MESSAGE;
	proc_clear_flags(sender, RTS_SENDING | RTS_VMREQUEST);
}

/* The first waiting sender whose message is still to be delivered. */
static struct proc *first_sender(struct proc *p, endpoint_t source)
{
	struct proc *sender;

	while ((sender = callers_find(p, source)) && sender->misc_flags & MF_KERNEL_MESSAGE &&
	       !vm_take_up(sender))
		withdraw(p, sender);
	return sender;
}

/* Hands the message of the first waiting sender to p. 0: nobody waits. */
static int receive_from_queue(struct proc *p, endpoint_t source)
{
	struct proc *sender = first_sender(p, source);
	uint32_t status = IPC_SEND;

	if (!sender)
		return 0;
	callers_remove(p, sender);
	p->deliver = sender->outgoing;
	p->deliver.m_source = sender->endpoint;
	if (sender->misc_flags & MF_KERNEL_MESSAGE) {
		sender->misc_flags &= ~MF_KERNEL_MESSAGE;
		status |= IPC_STATUS_FROM_KERNEL;
	} else if (sender->misc_flags & MF_REPLY_PENDING) {
		status = IPC_SENDREC;
	} else {
		arch_set_result(sender, OK);
		TRACE(IPC, plain(EVENT_SENT, sender->endpoint));
	}
	TRACE(IPC, hand_over(sender, p));
	proc_clear_flags(sender, RTS_SENDING);
	finish_receive(p, status);
	return 1;
}

/* Takes what waits for p: a notification, else an asynchronous message, else a sender's. 0: nothing waits. */
static int receive_waiting(struct proc *p, endpoint_t source)
{
	if (notify_take(p, source)) {
		finish_receive(p, IPC_NOTIFY);
		return 1;
	}
	if (p->async_head && async_fetch(p, source, &p->deliver)) {
		finish_receive(p, IPC_SENDA);
		return 1;
	}
	return p->callers_head && receive_from_queue(p, source);
}

static int receive(struct proc *caller, endpoint_t source, vir_bytes address)
{
	struct proc *from = NULL;

	if (source != ANY && source != HARDWARE && source != CLOCK) {
		from = proc_lookup(source);
		if (!from)
			return -EDEADSRCDST;
	}
	caller->deliver_to = address;
	if (receive_waiting(caller, source))
		return IPC_BLOCKED;
	if (caller->misc_flags & MF_SIGNAL_NOTED)
		return -EINTR;
	if (from) {
		if (would_deadlock(caller, from))
			return -ELOCKED;
		from->misc_flags |= MF_WAITED_FOR;
	}
	TRACE(IPC, one(EVENT_RECEIVE, caller->endpoint, source));
	block_receiving(caller, source, address);
	return IPC_BLOCKED;
}

static int sendrec(struct proc *caller, struct proc *to, vir_bytes address, uint32_t call)
{
	uint32_t flags = MF_REPLY_PENDING;
	int result;

	if (call == IPC_SENDREC_INTR) {
		if (caller->misc_flags & MF_SIGNAL_NOTED)
			return -EINTR;
		flags |= MF_INTERRUPTIBLE;
	}
	result = send(caller, to, address, IPC_SENDREC);
	if (result != OK && result != IPC_BLOCKED)
		return result;
	caller->misc_flags |= flags;
	to->misc_flags |= MF_WAITED_FOR;
	block_receiving(caller, to->endpoint, address);
	return IPC_BLOCKED;
}

static int reply_receive(struct proc *caller, struct proc *to, vir_bytes address)
{
	int result = send_now(caller, to, address, IPC_REPLY_RECEIVE);

	if (result == OK)
		return receive(caller, ANY, address);
	if (result == -ENOTREADY)
		take_noted(to);
	return result;
}

static int send_async(struct proc *caller, struct proc *to, vir_bytes address)
{
	struct async_message *entry;
	int result;

	if (!priv_may_send(caller, to))
		return -ECALLDENIED;
	entry = async_take(caller, to);
	if (!entry)
		return -EAGAIN;
	result = message_in(caller, address, &entry->message);
	if (result != OK) {
		async_drop(entry);
		return result;
	}
	entry->record = traced(TRACE_IPC) ? trace_senda(caller, to, &entry->message) : 0;
	async_enqueue(to, entry);
	take_noted(to);
	if (can_take(to, caller, IPC_SENDA) && async_fetch(to, caller->endpoint, &to->deliver))
		finish_receive(to, IPC_SENDA);
	return OK;
}

/* Whether p waits for a message that may be a notification. */
static int takes_notifications(const struct proc *p)
{
	return (p->rts_flags & (RTS_RECEIVING | RTS_SENDING)) == RTS_RECEIVING &&
	       !(p->misc_flags & MF_REPLY_PENDING);
}

void ipc_notify(struct proc *from, struct proc *to)
{
	if (from)
		notify_post(from, to);
	if (takes_notifications(to) && notify_take(to, to->receive_from))
		finish_receive(to, IPC_NOTIFY);
}

static void notify_later(struct proc *from, struct proc *to)
{
	notify_post(from, to);
	if (takes_notifications(to) && to->receive_from == ANY)
		proc_set_flags(to, RTS_NOTED);
	else
		ipc_notify(NULL, to);
}

static int send_notify(struct proc *caller, struct proc *to, uint32_t call)
{
	if (!priv_may_send(caller, to))
		return -ECALLDENIED;
	TRACE(IPC, one(EVENT_NOTIFY, caller->endpoint, to->endpoint));
	if (call == IPC_NOTIFY_LATER)
		notify_later(caller, to);
	else
		ipc_notify(caller, to);
	return OK;
}

int ipc_trap(struct proc *caller, uint32_t call, endpoint_t other, vir_bytes address)
{
	struct proc *to;

	COUNT(ipc_calls);
	if (call == 0 || call >= IPC_NR)
		return -EBADCALL;
	if (address > arch_limit(caller) - sizeof(struct message) && call != IPC_NOTIFY &&
	    call != IPC_NOTIFY_LATER)
		return -EFAULT;
	if (call == IPC_RECEIVE)
		return receive(caller, other, address);
	to = proc_lookup(other);
	if (!to)
		return -EDEADSRCDST;
	switch (call) {
	case IPC_REPLY_RECEIVE:
		return reply_receive(caller, to, address);
	case IPC_SENDREC:
	case IPC_SENDREC_INTR:
		return sendrec(caller, to, address, call);
	case IPC_SEND:
		return send(caller, to, address, call);
	case IPC_SENDNB:
		return send_if_ready(caller, to, address);
	case IPC_NOTIFY:
	case IPC_NOTIFY_LATER:
		return send_notify(caller, to, call);
	default:
		return send_async(caller, to, address);
	}
}

void ipc_send_for(struct proc *p, struct proc *server, uint32_t why)
{
	vmassert(!(p->rts_flags & RTS_SENDING));
	if (traced(TRACE_FAULT | TRACE_GRANT))
		trace_ask(p);
	proc_set_flags(p, why);
	if (waits_for(server, p->endpoint) && !(server->misc_flags & MF_REPLY_PENDING)) {
		server->deliver = p->outgoing;
		server->deliver.m_source = p->endpoint;
		TRACE(IPC, hand_over(p, server));
		finish_receive(server, IPC_SEND | IPC_STATUS_FROM_KERNEL);
		return;
	}
	p->misc_flags |= MF_KERNEL_MESSAGE;
	block_sending(p, server);
}

/* p does not wait for a receiver any more. */
static void leave_queue(struct proc *p)
{
	struct proc *to;

	if (!(p->rts_flags & RTS_SENDING))
		return;
	to = proc_lookup(p->send_to);
	vmassert(to);
	callers_remove(to, p);
}

void ipc_abort(struct proc *p, int result)
{
	leave_queue(p);
	p->misc_flags &= ~(MF_REPLY_PENDING | MF_INTERRUPTIBLE | MF_KERNEL_MESSAGE);
	arch_set_result(p, result);
	if (p->rts_flags & (RTS_SENDING | RTS_RECEIVING))
		TRACE(IPC, one(EVENT_ENDED, p->endpoint, result));
	proc_clear_flags(p, RTS_SENDING | RTS_RECEIVING | RTS_NOTED);
}

void ipc_forget(struct proc *p)
{
	leave_queue(p);
	while (p->callers_head)
		ipc_abort(p->callers_head, -EDEADSRCDST);
	if (p->misc_flags & MF_WAITED_FOR)
		for (int slot = 0; slot < NR_PROCS; slot++) {
			struct proc *other = &proc_table[slot];

			if (other->receive_from == p->endpoint && other->rts_flags & RTS_RECEIVING)
				ipc_abort(other, -EDEADSRCDST);
		}
	notify_forget(p);
	async_forget(p);
}
