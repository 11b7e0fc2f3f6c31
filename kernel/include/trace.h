/* SPDX-License-Identifier: MIT */
/*
 * The trace: see <granite/abi/trace.h>. While it is off, a trace point costs one instruction that looks at
 * trace_ring.kinds and one that does not jump. So that it costs no more, what is recorded is found out of
 * line, from what is at hand: the arguments of these functions are few.
 */
#ifndef KERNEL_TRACE_H
#define KERNEL_TRACE_H

#include <granite/abi/trace.h>

#include "proc.h"

extern struct trace_ring trace_ring;

/* Whether one of these kinds is recorded. */
static inline int traced(uint32_t kinds)
{
	return __builtin_expect((trace_ring.kinds & kinds) != 0, 0);
}

/* Calls trace_...(...) if the kind is recorded. */
#define TRACE(KIND, call)                   \
	do {                                \
		if (traced(TRACE_##KIND))   \
			(void)trace_##call; \
	} while (0)

#define OUT_OF_LINE __attribute__((noinline, cold))

/* Writes a record. Returns the low 32 bits of its number. */
OUT_OF_LINE uint32_t trace_put(enum trace_event event, uint32_t number, endpoint_t who, uint32_t a,
                               uint32_t b, uint32_t c, uint32_t d);

/* Events without arguments, and with one. */
OUT_OF_LINE void trace_plain(enum trace_event event, endpoint_t who);
OUT_OF_LINE void trace_one(enum trace_event event, endpoint_t who, uint32_t argument);

/* EVENT_NAME or EVENT_EXEC: p has its label. */
OUT_OF_LINE void trace_label(enum trace_event event, const struct proc *p);

/*
 * Messages. That `from` sends by `call` (IPC_*) is in to->deliver already (send), or waits in from->outgoing
 * (queue) until it is handed over; an asynchronous one waits elsewhere, with the number that trace_senda
 * returned.
 */
OUT_OF_LINE void trace_send(const struct proc *from, const struct proc *to, uint32_t call);
OUT_OF_LINE void trace_queue(const struct proc *from, const struct proc *to, uint32_t call);
OUT_OF_LINE void trace_hand_over(const struct proc *from, const struct proc *to);
OUT_OF_LINE uint32_t trace_senda(const struct proc *from, const struct proc *to,
                                 const struct message *message);
OUT_OF_LINE void trace_hand_over_async(const struct proc *to, uint32_t record);

/* What the kernel asks VM or PM for p is in p->outgoing. */
OUT_OF_LINE void trace_ask(const struct proc *p);

/* p->deliver has been copied to p's memory. */
OUT_OF_LINE void trace_delivered(const struct proc *p);

/* What `server`, VM or PM, answers; nothing is recorded if p does not wait for an answer of its. */
OUT_OF_LINE void trace_verdict(const struct proc *server, const struct proc *p, int32_t result);

/* caller->call has been read; its result. */
OUT_OF_LINE void trace_call(const struct proc *caller);
OUT_OF_LINE void trace_result(const struct proc *caller, int32_t result);

/* EVENT_TIME: the uptime. */
OUT_OF_LINE void trace_time(void);

/*
 * Records `kinds` from now on, for the process `who` (NONE: for the command line); 0: nothing. -EBUSY:
 * another has switched the trace on.
 */
int trace_set(endpoint_t who, uint32_t kinds);

/* `who` vanishes, or is another program from now on: what it switched on is off. */
void trace_forget(endpoint_t who);

/* trace=KIND,... or trace=all on the command line: records until the machine stops. */
void trace_init(void);

#undef OUT_OF_LINE

#endif
