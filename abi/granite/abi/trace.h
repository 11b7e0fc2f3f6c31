/* SPDX-License-Identifier: MIT */
/*
 * The trace: what the kernel did, in order, in a ring of records. sys_trace_set switches it on,
 * sys_trace_read reads it; tools/run --trace reads it out of the machine's memory, from outside. What there
 * is to know of kinds, events and arguments is in the tables here, from which all readers take it.
 */
#ifndef GRANITE_ABI_TRACE_H
#define GRANITE_ABI_TRACE_H

#include <granite/abi/types.h>

/* What is recorded: KIND(bit, NAME, name, what it is). */
#define TRACE_KINDS(KIND)                                                                               \
	KIND(0, IPC, ipc, "messages: sent, delivered, refused")                                         \
	KIND(1, CALL, call, "kernel calls and their results")                                           \
	KIND(2, FAULT, fault, "page faults, requests to VM, exceptions")                                \
	KIND(3, SCHED, sched, "who runs")                                                               \
	KIND(4, IRQ, irq, "interrupts and alarms")                                                      \
	KIND(5, PROCESS, process, "fork, exec, exit; recorded with all others, for it tells the names") \
	KIND(6, GRANT, grant, "grants: used, refused, mapped, shared")

enum trace_kind {
#define KIND(bit, NAME, name, text) TRACE_##NAME = 1 << (bit),
	TRACE_KINDS(KIND)
#undef KIND
#define KIND(bit, NAME, name, text) | TRACE_##NAME
	        TRACE_ALL = 0 TRACE_KINDS(KIND),
#undef KIND
};

/*
 * EVENT(number, NAME, kind, text). One without a text is for programs only. In a text a tab ends a column,
 * and {xo} is an operand: o is n for the record's `number`, else the index of an argument; x is
 *
 *   e  an endpoint                 m  a message's type, a kernel call   d, u, x  a number
 *   r  a result                    c  an IPC_* call                     s  a signal
 *   f  a page fault's error code   w  1: a write                        l  a label, in all four arguments
 *   t  nanoseconds, two arguments  a  what operation `o` was given: the arguments that follow
 */
#define TRACE_EVENTS(EVENT)                                                             \
	EVENT(1, SEND, IPC, "{cn}\t{e0}\t{m1} {a1}")                                    \
	EVENT(2, SENT, IPC, "is sent")                                                  \
	EVENT(3, NOTIFY, IPC, "notify\t{e0}")                                           \
	EVENT(4, RECEIVE, IPC, "receive\tfrom {e0}")                                    \
	EVENT(5, DELIVERED, IPC, "delivered\tfrom {e0}\t{m1}")                          \
	EVENT(6, REFUSED, IPC, "{cn}\t{e0}\t= {r1}")                                    \
	EVENT(7, ENDED, IPC, "wait ends\t\t= {r0}")                                     \
	EVENT(8, CALL, CALL, "{mn}\t{an}")                                              \
	EVENT(9, RESULT, CALL, "{mn}\t= {r0}")                                          \
	EVENT(10, PAGE_FAULT, FAULT, "page fault\tat {x0}\t{f1}, pc {x2}")              \
	EVENT(11, VM_REQUEST, FAULT, "asks vm\tfor {e0}\t{x1}, {u2} bytes{w3}")         \
	EVENT(12, EXCEPTION, FAULT, "exception\tat {x1}\t{s0}, trap {u2}, pc {x3}")     \
	EVENT(13, COPY_FAULT, FAULT, "copy faults\tin {e0}\t{x1}, {u2} bytes left{w3}") \
	EVENT(14, VERDICT, FAULT, "verdict\tof {e1}\t= {r0}")                           \
	EVENT(15, RUN, SCHED, "runs")                                                   \
	EVENT(16, IDLE, SCHED, "nobody runs")                                           \
	EVENT(17, IRQ, IRQ, "interrupt\t{un}")                                          \
	EVENT(18, IRQ_END, IRQ, "")                                                     \
	EVENT(19, ALARM, IRQ, "alarm")                                                  \
	EVENT(20, FORK, PROCESS, "fork\tchild {e0}")                                    \
	EVENT(21, EXEC, PROCESS, "exec\t{l0}")                                          \
	EVENT(22, EXIT, PROCESS, "exit")                                                \
	EVENT(23, NAME, PROCESS, "")                                                    \
	EVENT(24, TIME, PROCESS, "")                                                    \
	EVENT(25, GRANT, GRANT, "uses grant\tof {e0}\tat {x1}, {u2} bytes, {u3} links") \
	EVENT(26, GRANT_REFUSED, GRANT, "grant\tof {e0}\t= {r1}")                       \
	EVENT(27, LEND, GRANT, "asks vm\tto map\tof {e0} {x1}, {u2} bytes, at {x3}")    \
	EVENT(28, SHARE, GRANT, "asks vm\tto share\tof {e0} {x1}, {u2} bytes")

/*
 * What the texts do not tell:
 *
 *   SEND       arguments 2 and 3 begin the payload; `number` has TRACE_QUEUED if the receiver was not ready
 *   SENT       a plain send that was queued is over
 *   RECEIVE    it waits; a message that was there already is only seen to be DELIVERED
 *   DELIVERED  `number` is the status, argument 2 begins the payload, argument 3 is the low half of the
 *              number of the record that told of the sending; it is stale if there was none, so sender and
 *              type must be compared. 0: unknown
 *   PAGE_FAULT, VM_REQUEST, EXCEPTION, LEND, SHARE
 *              `number` is the type of the message that VM or PM gets
 *   COPY_FAULT in a kernel call; VM_REQUEST follows, unless it may not
 *   RUN, IDLE  all that happens until the next of them is done in this process's name
 *   IRQ        of the driver that has the line, or NONE; until IRQ_END
 *   NAME       its label is this; when a trace begins there is one for each process
 *   TIME       nanoseconds since boot, low half first: at the trace's begin and end, and each clock tick
 */
enum trace_event {
#define EVENT(number, NAME, kind, text) EVENT_##NAME = (number),
	TRACE_EVENTS(EVENT)
#undef EVENT
};

#define TRACE_QUEUED 0x100 /* with an IPC_* number, in a record's `number` */

struct trace_record {
	uint64_t time;       /* the processor's time stamp counter */
	endpoint_t endpoint; /* the process it is about, or NONE */
	uint16_t event;      /* enum trace_event */
	uint16_t number;
	uint32_t args[4];
};

_Static_assert(sizeof(struct trace_record) == 32, "records have no gaps");

#define TRACE_RECORDS 16384 /* a power of two */

/*
 * Records are numbered from the machine's start; number n is records[n % TRACE_RECORDS] while n < next and
 * n + TRACE_RECORDS > next. A record is written before `next` counts it.
 */
struct trace_ring {
	uint64_t next;  /* the number of the record to come */
	uint64_t first; /* where the present or last trace begins */
	uint32_t kinds; /* TRACE_*; 0: off */
	uint32_t unused[3];
	struct trace_record records[TRACE_RECORDS];
};

#endif
