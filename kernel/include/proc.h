/* SPDX-License-Identifier: MIT */
/* The process table: everything the kernel knows of a process. */
#ifndef KERNEL_PROC_H
#define KERNEL_PROC_H

#include <granite/abi/bridge.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/info.h>
#include <granite/abi/message.h>
#include <granite/abi/sys.h>

#include "arch_proc.h"

#define NR_PROCS     1024
#define NOTIFY_WORDS (NR_PROCS / 32)

_Static_assert(NR_PROCS <= ENDPOINT_SLOTS, "every slot has an endpoint");
_Static_assert(NOTIFY_WORDS <= 32, "one word sums up the pending notifications");

/* What a process is in the middle of. Those of MF_WORK are seen to before it returns to user mode. */
enum misc_flag {
	MF_DELIVER = 0x001,        /* `deliver` waits to be copied to its memory */
	MF_RESUME_CALL = 0x002,    /* its kernel call goes on from `call` */
	MF_UPCALL = 0x004,         /* its bridge is to be told of a signal */
	MF_CALL_ENDS = 0x008,      /* with MF_RESUME_CALL: the call is over, `vm_verdict` is its result */
	MF_REPLY_PENDING = 0x010,  /* in the second half of a sendrec: takes nothing but the reply */
	MF_INTERRUPTIBLE = 0x020,  /* its sendrec ends with EINTR when a signal comes */
	MF_SIGNAL_NOTED = 0x040,   /* PM holds a signal for it that it has not fetched */
	MF_KERNEL_MESSAGE = 0x080, /* `outgoing` was written by the kernel on its behalf */
	MF_WAITED_FOR = 0x100,     /* somebody has blocked in a receive from it alone */
	MF_HAS_NOTIFIED = 0x200,   /* it has notified somebody */
	MF_FPU_USED = 0x400,       /* its FPU state is worth keeping */
	MF_SMALL = 0x800,          /* ring 1, its own segment, no page table */
	MF_NO_SHARING = 0x1000,    /* its call's pages can't be shared: they are copied */
	MF_TAKEN_UP = 0x2000,      /* its call is judged again, as VM takes up what it asked: it can't wait */
};
#define MF_WORK (MF_DELIVER | MF_RESUME_CALL | MF_UPCALL)

struct priv;

/* The sequence numbers of a process's grants. */
struct grant_numbers {
	uint32_t blocks; /* of GRANT_SEQUENCES of them have been handed out */
	uint32_t floor;  /* `blocks` when it got its present memory: older ids are no good */
};

/*
 * Invariant: the process is in a run queue if and only if rts_flags is 0. proc_set_flags() and
 * proc_clear_flags() alone change the flags of a slot in use. Fields are the kernel's; who writes them is
 * said where it is not the file of that name.
 */
struct proc {
	uint32_t exit_room[ARCH_EXIT_ROOM]; /* stack for a fault while leaving the kernel: see entry.S */
	struct arch_frame regs;             /* the processor's state, stored here by the entry itself */
	struct arch_proc arch;              /* segments, page directory, FPU: arch/ */

	endpoint_t endpoint;
	uint32_t rts_flags;  /* enum rts_flag: why it does not run, and what it waits with */
	uint32_t misc_flags; /* enum misc_flag */
	struct priv *priv;
	char name[PROC_NAME_MAX]; /* of its program or service, with its end */

	/* sched.c */
	uint32_t priority;            /* 0 is the most urgent */
	uint32_t quantum, ticks_left; /* in clock ticks */
	uint32_t ticks_used;          /* clock ticks for which it has run */
	uint32_t round;               /* of its queue, in which its present or next turn is */
	uint32_t woken_at;            /* the clock tick in which it woke last */
	struct proc *ready_next, *ready_prev;

	/* ipc.c */
	endpoint_t send_to;                       /* while RTS_SENDING */
	endpoint_t receive_from;                  /* while RTS_RECEIVING */
	struct proc *callers_head, *callers_tail; /* processes sending to this one, first come first served */
	struct proc *callers_next, *callers_prev; /* in the queue this one stands in, while RTS_SENDING */
	struct message outgoing;                  /* while RTS_SENDING, and what the kernel asks VM or PM */
	struct message deliver;                   /* while MF_DELIVER */
	vir_bytes deliver_to;                  /* where it wants `deliver`: an address of its own, checked */
	uint32_t notify_pending[NOTIFY_WORDS]; /* a bit a slot that has notified this one */
	uint32_t notify_summary;               /* a bit a word of notify_pending that is not 0 */
	uint32_t irq_pending;                  /* irq.c: a bit a line of which it is to be notified */
	uint32_t alarm_fired;                  /* alarm.c: 1: it is to be notified of its alarm */
	struct async_message *async_head, *async_tail; /* async.c: queued for this one */
	uint32_t async_sent, async_queued;             /* async.c: how many by it, how many for it */

	/* kcall.c, vmrequest.c: a kernel call under way */
	struct message call; /* its request, copied once */
	uint32_t call_done;  /* bytes copied so far */
	int32_t vm_verdict;  /* what VM said last: OK or a negative errno */
	uint32_t vm_asked;   /* times VM was asked without progress */

	/* grant.c: its table of grants, which lies in its memory */
	vir_bytes grant_table;
	uint32_t grant_entries; /* 0: it has none */
	struct grant_numbers table_numbers, loan_numbers;

	/* do_bridge.c */
	vir_bytes bridge_entry, bridge_upcall, bridge_control; /* 0: none registered */

	/* alarm.c */
	uint64_t alarm_at;    /* nanoseconds since boot, 0: none */
	uint32_t alarm_place; /* in the heap of alarms, from 1; 0: it is not set */

	uint32_t steps_left; /* step.c: instructions until it dies; 0: it need not */

	/* proc.c */
	uint32_t generation; /* of the slot's present or last process */
	struct proc *free_next;
};

extern struct proc proc_table[NR_PROCS];

/*
 * The process in whose name the kernel works: whose trap, fault or interrupt it serves, then the one it is
 * about to return to. Its directory is loaded if it has one. (Two more look alike: switch.c's `last` ran
 * before, and process.c's `loaded` is the one whose segments the processor holds.)
 */
extern struct proc *current;

static inline int proc_slot(const struct proc *p)
{
	return p - proc_table;
}

static inline int proc_runnable(const struct proc *p)
{
	return p->rts_flags == 0;
}

static inline int proc_small(const struct proc *p)
{
	return (p->misc_flags & MF_SMALL) != 0;
}

void proc_init(void);

/* A free slot made a process without an image, or NULL when the table is full. */
struct proc *proc_allocate(void);
void proc_free(struct proc *p);

/* Slots in use. */
uint32_t proc_count(void);

/* The living process of that name, or NULL. */
struct proc *proc_lookup(endpoint_t endpoint);

/* Likewise, with SELF meaning the caller. */
struct proc *proc_resolve(struct proc *caller, endpoint_t endpoint);

void proc_set_flags(struct proc *p, uint32_t flags);
void proc_clear_flags(struct proc *p, uint32_t flags);
void proc_set_name(struct proc *p, const char *name);

/* VM, PM and RS: the system does not survive them, and they may do everything. */
int proc_is_vital(const struct proc *p);

#endif
