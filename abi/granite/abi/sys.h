/* SPDX-License-Identifier: MIT */
/* Requests and replies of the kernel calls. The functions in <granite/sys.h> say what each does. */
#ifndef GRANITE_ABI_SYS_H
#define GRANITE_ABI_SYS_H

#include <granite/abi/types.h>
#include <granite/abi/message.h>
#include <granite/abi/info.h>

#define KCALL_BASE 0x100
#define KCALL_MAX  64

enum sys_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/sys.def>
#undef OP
};

struct sys_self_req {
};
struct sys_self_rep {
	endpoint_t endpoint;
};

struct sys_fork_req {
	endpoint_t parent;    /* NONE: a new process without a program */
	phys_bytes directory; /* the child's page directory */
};
struct sys_fork_rep {
	endpoint_t child;
};

struct sys_exec_req {
	endpoint_t endpoint;
	vir_bytes pc, sp;
	char name[PROC_NAME_MAX];
};
struct sys_exec_rep {
};

struct sys_clear_req {
	endpoint_t endpoint;
};
struct sys_clear_rep {
};

struct sys_stop_req {
	endpoint_t endpoint;
	uint32_t stop; /* 1: stop it, 0: let it go on */
};
struct sys_stop_rep {
};

struct sys_step_req {
	endpoint_t endpoint;
	uint32_t instructions; /* 0: it need not die any more */
};
struct sys_step_rep {
};

enum sigupcall_state {
	SIGUPCALL_NONE,   /* no signal waits any more */
	SIGUPCALL_SIGNAL, /* one waits to be fetched: a receive, or an interruptible call, ends */
	SIGUPCALL_STOP,   /* the process is stopped: an interruptible call ends, to be made again */
};
struct sys_sigupcall_req {
	endpoint_t endpoint;
	uint32_t state; /* enum sigupcall_state */
};
struct sys_sigupcall_rep {
	endpoint_t blocked_on; /* the server whose interruptible call must be cancelled, or NONE */
};

struct sys_bridge_req {
	vir_bytes entry;   /* where int 0x80 is bounced to */
	vir_bytes upcall;  /* where a signal is bounced to */
	vir_bytes control; /* its struct bridge_control */
};
struct sys_bridge_rep {
};

struct sys_settls_req {
	int32_t index;  /* TLS_INDEX_MIN .. + TLS_SLOTS - 1, or -1: the first free one */
	vir_bytes base; /* within the process */
	uint32_t limit; /* in bytes, or in pages with SETTLS_PAGES */
	uint32_t flags; /* SETTLS_* */
};
#define SETTLS_PAGES 1 /* limit counts pages */
#define SETTLS_CLEAR 2 /* make the slot empty */
struct sys_settls_rep {
	int32_t index;
};

struct sys_vircopy_req {
	endpoint_t source; /* SELF, or NONE for physical memory */
	vir_bytes source_address;
	endpoint_t destination;
	vir_bytes destination_address;
	uint32_t bytes;
	uint32_t flags; /* VIRCOPY_TRY */
};
#define VIRCOPY_TRY 1 /* EFAULT instead of asking VM */
struct sys_vircopy_rep {
};

enum vmctl_op {
	VMCTL_PAGING = 1, /* a: kernel-only directory; b: address of struct vm_notes. Turns paging on */
	VMCTL_APPLY,      /* carry the notes out now */
	VMCTL_SETDIR,     /* a: `endpoint`'s new page directory; it does not run until SYS_EXEC */
	VMCTL_MAY_MAP,    /* may `endpoint` map the b bytes of physical memory from a on? OK or -EPERM */
};
struct sys_vmctl_req {
	uint32_t op;
	endpoint_t endpoint;
	uint32_t a, b;
};
struct sys_vmctl_rep {
};

struct sys_privctl_req {
	endpoint_t endpoint; /* whose; NONE: only define the set */
	vir_bytes spec;      /* struct priv_spec in the caller */
};
struct sys_privctl_rep {
};

struct sys_schedule_req {
	endpoint_t endpoint;
	uint32_t priority;      /* SCHED_PRIO_DRIVER .. SCHED_PRIORITIES - 1 */
	uint32_t quantum_msecs; /* 1 .. 1000 */
};
struct sys_schedule_rep {
};
#define SCHED_PRIORITIES       16
#define SCHED_PRIO_UNDISTURBED 0 /* VM, for a moment, and nobody else */
#define SCHED_PRIO_DRIVER      1 /* before VM: an interrupt reaches its driver whatever VM is about */
#define SCHED_PRIO_VM          2
#define SCHED_PRIO_PM          3
#define SCHED_PRIO_SERVER      4
#define SCHED_PRIO_USER        8

struct sys_yield_req {
};
struct sys_yield_rep {
};

enum irqctl_op { IRQCTL_ATTACH = 1, IRQCTL_DETACH, IRQCTL_ENABLE };
struct sys_irqctl_req {
	uint32_t op;
	uint32_t irq; /* 0 .. 15 */
};
struct sys_irqctl_rep {
};

struct sys_setalarm_req {
	uint64_t nsecs;    /* 0: no alarm */
	uint32_t absolute; /* 1: since boot; 0: from now */
};
struct sys_setalarm_rep {
	uint64_t left_nsecs; /* of the alarm replaced, 0: there was none */
};

struct sys_clock_req {
};
struct sys_clock_rep {
	uint64_t uptime_nsecs; /* since boot, never goes back */
	uint32_t epoch_secs;   /* the time of day at uptime 0, seconds since 1970 */
};

struct sys_getinfo_req {
	uint32_t what; /* GET_* */
	vir_bytes address;
	uint32_t bytes;
	uint32_t first; /* GET_PROCTAB: the first slot */
};
struct sys_getinfo_rep {
	uint32_t bytes; /* written */
};

struct sys_diagctl_req {
	vir_bytes text;
	uint32_t bytes; /* at most DIAG_MAX */
};
struct sys_diagctl_rep {
};
#define DIAG_MAX 256

enum trace_op {
	TRACE_SET = 1, /* records `kinds` from now on; 0: nothing any more */
	TRACE_READ,
};
struct sys_trace_req {
	uint32_t op;
	uint32_t kinds;    /* TRACE_SET: TRACE_*, <granite/abi/trace.h> */
	uint64_t from;     /* TRACE_READ: the first record wanted */
	vir_bytes address; /* TRACE_READ: struct trace_record[count] */
	uint32_t count;
};
#define TRACE_READ_MAX 128 /* records copied by one call at most */
struct sys_trace_rep {
	uint64_t first; /* the first record copied; TRACE_SET: where the trace begins */
	uint64_t next;  /* the record to come */
	uint32_t count; /* records copied */
};

struct sys_setgrant_req {
	vir_bytes table;  /* struct cp_grant[entries] */
	uint32_t entries; /* 0: no table; at most GRANT_SLOTS */
};
struct sys_setgrant_rep {
	uint64_t sequence; /* the first of GRANT_SEQUENCES that are the caller's to use */
};

struct sys_loans_req {
};
struct sys_loans_rep {
	uint64_t sequence; /* from here on GRANT_SEQUENCES numbers are new for loans (<granite/abi/bridge.h>)
	                    */
};

struct sys_safecopyfrom_req {
	cp_grant_id_t grant;
	endpoint_t granter;
	vir_bytes offset;  /* within the grant */
	vir_bytes address; /* the caller's */
	uint32_t bytes;
};
struct sys_safecopyfrom_rep {
};

struct sys_safecopyto_req {
	cp_grant_id_t grant;
	endpoint_t granter;
	vir_bytes offset;  /* within the grant */
	vir_bytes address; /* the caller's */
	uint32_t bytes;
};
struct sys_safecopyto_rep {
};

struct sys_vsafecopy_req {
	vir_bytes vector; /* struct vscp_vec[elements] */
	uint32_t elements;
};
struct sys_vsafecopy_rep {
};

struct sys_grants_req {
	endpoint_t endpoint; /* whose */
	uint32_t slot;       /* where in the table to begin; the bridge's loan comes behind it */
	vir_bytes address;   /* struct cp_grant[count] */
	uint32_t count;
};
#define SYS_GRANTS_MAX 32 /* records copied by one call at most */
struct sys_grants_rep {
	uint32_t count; /* records copied */
	uint32_t next;  /* where to go on; 0: that was all */
};

struct sys_safemap_req {
	cp_grant_id_t grant;
	endpoint_t granter;
	vir_bytes offset;  /* within the grant */
	vir_bytes address; /* the caller's */
	uint32_t bytes;
	uint32_t writable; /* 1: it is to be written to as well */
};
struct sys_safemap_rep {
};

struct sys_safememset_req {
	cp_grant_id_t grant;
	endpoint_t granter;
	vir_bytes offset; /* within the grant */
	uint32_t byte;    /* its lowest 8 bits are the value */
	uint32_t bytes;
};
struct sys_safememset_rep {
};

/* The processor's registers as the process had them when it last entered the kernel. */
struct sys_registers_req {
	endpoint_t endpoint;
};
struct sys_registers_rep {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp, esp;
	uint32_t eip, eflags;
	uint16_t cs, ss, ds, es, fs, gs;
	vir_bytes bridge_control; /* where its struct bridge_control is; 0: it has no bridge */
};

enum abort_how { ABORT_POWEROFF = 1, ABORT_RESET, ABORT_PANIC };
struct sys_abort_req {
	uint32_t how;
	uint32_t status; /* told to the emulator, where it listens */
};
struct sys_abort_rep {
};

#define OP(number, NAME, name) MESSAGE_FITS(sys, name)
#include <granite/abi/ops/sys.def>
#undef OP

#endif
