/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <granite/abi/errno.h>
#include <granite/abi/ipc.h>
#include <granite/abi/pm.h>
#include <granite/abi/vm.h>

#include "arch.h"
#include "boot.h"
#include "clock.h"
#include "log.h"
#include "string.h"

struct trace_ring trace_ring;

_Static_assert((TRACE_RECORDS & (TRACE_RECORDS - 1)) == 0, "a record's number is never divided");
_Static_assert(NR_PROCS * 2 < TRACE_RECORDS, "the labels of all processes fit");
_Static_assert(PROC_NAME_MAX == sizeof(trace_ring.records[0].args), "a label fits a record");

static endpoint_t owner = NONE; /* who switched it on; NONE: the command line */

/* By slot: which record told of the sending of what is in `outgoing`, and in `deliver`. Not in the process
 * table, which is the shorter for it. */
static struct {
	uint32_t outgoing, deliver;
} told_by[NR_PROCS];

uint32_t trace_put(enum trace_event event, uint32_t number, endpoint_t who, uint32_t a, uint32_t b,
                   uint32_t c, uint32_t d)
{
	struct trace_record *record = &trace_ring.records[trace_ring.next % TRACE_RECORDS];

	*record = (struct trace_record){
	        .time = arch_timestamp(),
	        .endpoint = who,
	        .event = event,
	        .number = number,
	        .args = {a, b, c, d},
	};
	/* Who looks at the memory from outside may do so at any moment. */
	__asm__ volatile("" : : : "memory");
	return trace_ring.next++;
}

static uint32_t put_send(const struct proc *from, const struct proc *to, uint32_t call,
                         const struct message *m)
{
	return trace_put(EVENT_SEND, call, from->endpoint, to->endpoint, m->m_type, m->m_words[0],
	                 m->m_words[1]);
}

void trace_send(const struct proc *from, const struct proc *to, uint32_t call)
{
	told_by[proc_slot(to)].deliver = put_send(from, to, call, &to->deliver);
}

void trace_queue(const struct proc *from, const struct proc *to, uint32_t call)
{
	told_by[proc_slot(from)].outgoing = put_send(from, to, call | TRACE_QUEUED, &from->outgoing);
}

static uint32_t put_asked(const struct proc *p)
{
	const struct message *m = &p->outgoing;
	const struct vm_pagefault_req *fault = (void *)m->m_bytes;
	const struct vm_memreq_req *memory = (void *)m->m_bytes;
	const struct vm_lend_req *lend = (void *)m->m_bytes;
	const struct vm_share_req *share = (void *)m->m_bytes;
	const struct pm_exception_req *exception = (void *)m->m_bytes;

	switch (m->m_type) {
	case VM_PAGEFAULT:
		return trace_put(EVENT_PAGE_FAULT, m->m_type, p->endpoint, fault->address, fault->error,
		                 arch_pc(p), 0);
	case VM_MEMREQ:
		return trace_put(EVENT_VM_REQUEST, m->m_type, p->endpoint, memory->endpoint, memory->address,
		                 memory->bytes, memory->write);
	case VM_LEND:
		return trace_put(EVENT_LEND, m->m_type, p->endpoint, lend->owner, lend->owner_address,
		                 lend->bytes, lend->address);
	case VM_SHARE:
		return trace_put(EVENT_SHARE, m->m_type, p->endpoint, share->source, share->source_address,
		                 share->bytes, 0);
	default:
		return trace_put(EVENT_EXCEPTION, m->m_type, p->endpoint, exception->signal,
		                 exception->address, exception->trap, arch_pc(p));
	}
}

/* Those by grant are of another kind than the rest. */
static uint32_t kind_asked(const struct proc *p)
{
	return p->outgoing.m_type == VM_LEND || p->outgoing.m_type == VM_SHARE ? TRACE_GRANT : TRACE_FAULT;
}

void trace_ask(const struct proc *p)
{
	if (!traced(kind_asked(p)))
		return;
	told_by[proc_slot(p)].outgoing = put_asked(p);
}

void trace_verdict(const struct proc *server, const struct proc *p, int32_t result)
{
	uint32_t asked_of_it = server->endpoint == VM_PROC_NR ? RTS_PAGEFAULT | RTS_VMREQUEST : RTS_EXCEPTION;

	if (p->rts_flags & asked_of_it && !(p->rts_flags & RTS_SENDING))
		trace_put(EVENT_VERDICT, 0, p->endpoint, result, server->endpoint, 0, 0);
}

void trace_hand_over(const struct proc *from, const struct proc *to)
{
	told_by[proc_slot(to)].deliver = told_by[proc_slot(from)].outgoing;
}

uint32_t trace_senda(const struct proc *from, const struct proc *to, const struct message *message)
{
	return put_send(from, to, IPC_SENDA, message);
}

void trace_hand_over_async(const struct proc *to, uint32_t record)
{
	told_by[proc_slot(to)].deliver = record;
}

void trace_delivered(const struct proc *p)
{
	const struct message *m = &p->deliver;

	if (m->m_source != NONE) /* not the reply of a kernel call */
		trace_put(EVENT_DELIVERED, arch_status(p), p->endpoint, m->m_source, m->m_type, m->m_words[0],
		          told_by[proc_slot(p)].deliver);
}

void trace_plain(enum trace_event event, endpoint_t who)
{
	trace_put(event, 0, who, 0, 0, 0, 0);
}

void trace_one(enum trace_event event, endpoint_t who, uint32_t argument)
{
	trace_put(event, 0, who, argument, 0, 0, 0);
}

void trace_label(enum trace_event event, const struct proc *p)
{
	uint32_t label[4];

	memcpy(label, p->name, sizeof(label));
	trace_put(event, 0, p->endpoint, label[0], label[1], label[2], label[3]);
}

void trace_call(const struct proc *caller)
{
	const struct message *m = &caller->call;

	trace_put(EVENT_CALL, m->m_type, caller->endpoint, m->m_words[0], m->m_words[1], m->m_words[2],
	          m->m_words[3]);
}

void trace_result(const struct proc *caller, int32_t result)
{
	trace_put(EVENT_RESULT, caller->call.m_type, caller->endpoint, result, 0, 0, 0);
}

void trace_time(void)
{
	uint64_t uptime = clock_uptime();

	trace_put(EVENT_TIME, 0, NONE, uptime, uptime >> 32, 0, 0);
}

static void begin(endpoint_t who, uint32_t kinds)
{
	owner = who;
	trace_ring.first = trace_ring.next;
	trace_ring.kinds = kinds | TRACE_PROCESS;
	trace_time();
	for (int slot = 0; slot < NR_PROCS; slot++)
		if (!(proc_table[slot].rts_flags & RTS_SLOT_FREE))
			trace_label(EVENT_NAME, &proc_table[slot]);
	if (current)
		TRACE(SCHED, plain(EVENT_RUN, current->endpoint));
}

static void end(void)
{
	if (trace_ring.kinds)
		trace_time();
	trace_ring.kinds = 0;
}

int trace_set(endpoint_t who, uint32_t kinds)
{
	if (trace_ring.kinds && owner != who)
		return -EBUSY;
	if (kinds)
		begin(who, kinds);
	else
		end();
	return OK;
}

void trace_forget(endpoint_t who)
{
	if (trace_ring.kinds && owner == who)
		end();
}

/* --- the command line --- */

static const struct {
	const char *name;
	uint32_t kinds;
} words[] = {{"all", TRACE_ALL},
#define KIND(bit, NAME, name, text) {#name, TRACE_##NAME},
             TRACE_KINDS(KIND)
#undef KIND
};

static uint32_t kinds_of(const char *word, size_t length)
{
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].name) == length && strncmp(words[i].name, word, length) == 0)
			return words[i].kinds;
	klog("[kernel] trace=: there is no such kind: %s\n", word);
	return 0;
}

void trace_init(void)
{
	char list[64];
	uint32_t kinds = 0;

	if (!boot_option("trace", list, sizeof(list)))
		return;
	for (char *word = list, *end = list; *end; word = end + 1) {
		for (end = word; *end && *end != ','; end++)
			;
		kinds |= kinds_of(word, end - word);
	}
	if (kinds)
		(void)trace_set(NONE, kinds);
}
