/* SPDX-License-Identifier: MIT */
/* What sys_getinfo tells. */
#ifndef GRANITE_ABI_INFO_H
#define GRANITE_ABI_INFO_H

#include <granite/abi/types.h>

#define GET_COUNTERS  1 /* struct granite_counters, <granite/abi/counters.h> */
#define GET_PROCTAB   2 /* struct proc_info[], one for each slot from `first` on, free or not */
#define GET_BOOTINFO  3 /* struct boot_info */
#define GET_USAGE     4 /* struct kernel_usage */

#define PROC_NAME_MAX 16 /* of a program's name or a service's label, with its end */

struct proc_info {
	endpoint_t endpoint;          /* NONE: the slot is free */
	uint32_t rts_flags;           /* RTS_*: why it does not run; 0: it can */
	uint32_t misc_flags;          /* MF_* */
	endpoint_t blocked_on;        /* whom it waits for, ANY or NONE */
	uint32_t priority;            /* 0 is the most urgent */
	uint32_t small;               /* 1: no page table */
	uint32_t priv_id, priv_flags; /* its privilege set's number, and PRIV_* */
	uint32_t pc, sp;              /* where it was when it last entered the kernel */
	uint64_t user_nsecs;          /* how long it has run */
	uint32_t segment_bytes;       /* the size of its segment: all the memory a small process has */
	uint32_t alarm;               /* 1: it has one set */
	char name[PROC_NAME_MAX];     /* its program's */
};

/* Why a process does not run. It can run if and only if none is set. */
#define GRANITE_RTS_FLAGS(FLAG)                                                                   \
	FLAG(0, RTS_SLOT_FREE, "free")       /* nobody lives here */                              \
	FLAG(1, RTS_NO_IMAGE, "no image")    /* has no program (yet), or waits for exec's end */  \
	FLAG(2, RTS_SENDING, "sending")      /* waits for the receiver */                         \
	FLAG(3, RTS_RECEIVING, "receiving")  /* waits for a message */                            \
	FLAG(4, RTS_PAGEFAULT, "page fault") /* waits for VM to resolve a fault */                \
	FLAG(5, RTS_VMREQUEST, "vm request") /* waits for VM to make memory present for a copy */ \
	FLAG(6, RTS_EXCEPTION, "exception")  /* waits for PM's judgement */                       \
	FLAG(7, RTS_STOPPED, "stopped")      /* by PM (sys_stop) */                               \
	FLAG(8, RTS_NOTED, "noted")          /* receiving: was notified for later */

#define FLAG(bit, name, text) name = 1 << (bit),
enum rts_flag { GRANITE_RTS_FLAGS(FLAG) };
#undef FLAG

/* What is in use of the kernel's own tables, by whomever: all of it comes back when its owners end. */
struct kernel_usage {
	uint32_t processes;      /* slots of the process table */
	uint32_t async_messages; /* sent and not yet received, of the pool that all share */
	uint32_t alarms;         /* that are set */
	uint32_t interrupts;     /* lines that a driver has, one bit a line */
};

#define BOOT_MMAP_MAX    32
#define BOOT_CMDLINE_MAX 256

struct boot_range {
	phys_bytes start, bytes; /* usable memory below 4 GiB, page-aligned, ascending, not overlapping */
};

struct boot_info {
	phys_bytes archive_start, archive_bytes; /* the boot archive, at its final place, page-aligned */
	phys_bytes region_end;                   /* the identity map's end, a multiple of 4 MiB */
	phys_bytes vm_base;                      /* physical address of VM's address 0 */
	vir_bytes pool_start, pool_end;          /* VM's own addresses of the pool; pool_end is its limit */
	uint32_t epoch_secs;                     /* seconds since 1970 when the clock started */
	uint32_t nr_ranges;
	struct boot_range ranges[BOOT_MMAP_MAX];
	char cmdline[BOOT_CMDLINE_MAX];
};

#endif
