/* SPDX-License-Identifier: MIT */
/* Requests and replies of PM. Signal numbers, sets, ids and statuses are Linux/i386's. */
#ifndef GRANITE_ABI_PM_H
#define GRANITE_ABI_PM_H

#include <granite/abi/types.h>
#include <granite/abi/info.h>
#include <granite/abi/message.h>

#define PM_BASE        0x300
#define PM_KERNEL_BASE 0x380

enum pm_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/pm.def>
#include <granite/abi/ops/pm_kernel.def>
#undef OP
};

#define PM_NSIG 64 /* signals 1 .. 64; bit n-1 of a set is signal n */

struct pm_fork_req {
	uint32_t flags; /* PM_FORK_VFORK */
};
#define PM_FORK_VFORK 1 /* the parent goes on when the child has called exec or exit */
struct pm_fork_rep {
	int32_t pid;     /* the child's; in the child 0 */
	int32_t own_pid; /* in the child: which that is */
};

/*
 * The descriptors that a new program begins with, bit n for descriptor n. PM hands it on unseen: its address
 * stands in the auxiliary vector as PM_AT_DESCRIPTORS.
 */
struct pm_descriptors {
	uint32_t console[2]; /* they stand for the console */
	uint32_t files[2];   /* they are files or directories of the file server */
	uint32_t pipes[2];   /* they are ends of its pipes */
	endpoint_t server;   /* which one they began with, or if there are none, who it is now, or NONE */
	uint32_t directory;  /* PM_DIRECTORY_*: the working directory */
};
#define PM_DIRECTORY_ROOT      0
#define PM_DIRECTORY_ELSEWHERE 1 /* the file server knows where */
#define PM_DIRECTORY_LOST      2 /* it knew, but has died */
#define PM_AT_DESCRIPTORS      0x4752
#define PM_AT_PID              0x4753 /* so in the auxiliary vector, too: the process's pid */

/* The new program's strings: argc + envc strings, each ended by a 0 byte, arguments first. */
#define PM_ARGS_MAX 0x10000 /* all strings together, in bytes */
struct pm_exec_req {
	vir_bytes path;      /* an entry of the boot archive; a bare name is one of bin/ */
	uint32_t path_bytes; /* without an end */
	vir_bytes strings;
	uint32_t strings_bytes;
	uint32_t argc, envc;
	struct pm_descriptors descriptors;
};
/* A reply comes only when it failed: the old program goes on. */
struct pm_exec_rep {
};

struct pm_exit_req {
	uint32_t status; /* the low 8 bits count */
};
struct pm_exit_rep {
};

struct pm_wait_req {
	int32_t pid;      /* as waitpid(2) */
	uint32_t options; /* WNOHANG, WUNTRACED, WCONTINUED as Linux numbers them */
};
struct pm_wait_rep {
	int32_t pid;         /* 0: WNOHANG, and there is no news */
	uint32_t status;     /* as waitpid(2) */
	uint64_t user_nsecs; /* that the child has run, and those that it has waited for */
};

struct pm_getid_req {
	int32_t pid; /* 0: the caller */
};
struct pm_getid_rep {
	int32_t pid, ppid, pgid, sid;
};

struct pm_setpgid_req {
	int32_t pid;  /* 0: the caller */
	int32_t pgid; /* 0: a group of its own, with the process's pid */
};
struct pm_setpgid_rep {
};

struct pm_setsid_req {
};
struct pm_setsid_rep {
	int32_t sid;
};

struct pm_kill_req {
	int32_t pid;     /* as kill(2) */
	uint32_t signal; /* 0: only ask whether there is such a process */
};
struct pm_kill_rep {
};

/* SA_* flags, handler and restorer as in Linux/i386's struct kernel_sigaction. */
struct pm_sigaction_data {
	vir_bytes handler; /* 0: SIG_DFL, 1: SIG_IGN */
	uint32_t flags;
	vir_bytes restorer;
	uint64_t mask;
} __attribute__((packed, aligned(4)));
struct pm_sigaction_req {
	uint32_t signal;
	uint32_t set; /* 0: only ask */
	struct pm_sigaction_data action;
};
struct pm_sigaction_rep {
	struct pm_sigaction_data old;
};

struct pm_sigprocmask_req {
	uint32_t how; /* SIG_BLOCK 0, SIG_UNBLOCK 1, SIG_SETMASK 2, or PM_MASK_* */
	uint64_t set;
};
#define PM_MASK_ASK    3
#define PM_MASK_LEND   4 /* for a call that waits: until a signal is fetched, or PM_MASK_RETURN */
#define PM_MASK_RETURN 5 /* the mask is again what it was before PM_MASK_LEND */
struct pm_sigprocmask_rep {
	uint64_t old;
};

/* The next signal to be handled; blocks what its action says. EAGAIN: there is none (any more). */
struct pm_sigfetch_req {
};
struct pm_sigfetch_rep {
	uint32_t signal;
	vir_bytes handler, restorer;
	uint32_t flags;       /* SA_* */
	uint32_t old_mask[2]; /* to be restored when the handler returns */
	int32_t si_code;
	uint32_t si_a; /* faults: the address; SIGCHLD: the child's pid; kill: the sender's */
	uint32_t si_b; /* faults: the trap number; SIGCHLD, kill: uid */
	uint32_t si_c; /* faults: the error code; SIGCHLD: the status */
};

/* Always ends with EINTR; the mask is the old one again when the handler returns. */
struct pm_sigsuspend_req {
	uint64_t mask; /* in force while the process waits */
};
struct pm_sigsuspend_rep {
};

struct pm_sigtimedwait_req {
	uint64_t set;
	uint64_t nsecs;   /* how long at most */
	uint32_t forever; /* 1: nsecs does not count */
};
/* EAGAIN: the time is over. */
struct pm_sigtimedwait_rep {
	uint32_t signal;
	int32_t si_code;
	uint32_t si_a, si_b, si_c; /* as in struct pm_sigfetch_rep */
};

struct pm_sigpending_req {
};
struct pm_sigpending_rep {
	uint64_t set; /* blocked signals that have been sent */
};

/* ITIMER_REAL; alarm(2) uses it too. */
struct pm_itimer_req {
	uint32_t set;            /* 0: only ask */
	uint64_t value_nsecs;    /* to the first SIGALRM; 0: no timer */
	uint64_t interval_nsecs; /* between it and each further one; 0: there are none */
};
struct pm_itimer_rep {
	uint64_t value_nsecs, interval_nsecs; /* as they were */
};

struct pm_nanosleep_req {
	uint64_t nsecs;
	uint32_t absolute; /* 1: since boot */
};
struct pm_nanosleep_rep {
	uint64_t left_nsecs; /* with EINTR */
};

struct pm_endpoint_req {
	int32_t pid; /* 0: the caller */
};
struct pm_endpoint_rep {
	endpoint_t endpoint;
	uint32_t executed; /* 1: it has called exec; 0: it still runs what it was forked from */
};

/* The archive's entries, one by one, in the archive's order. ENOENT: no more. */
#define PM_PROGRAM_NAME_MAX 44
struct pm_program_req {
	uint32_t index;
};
struct pm_program_rep {
	uint32_t offset;                /* of the file, within the archive */
	uint32_t bytes;                 /* of the file */
	uint32_t executable;            /* 1: may be started */
	char name[PM_PROGRAM_NAME_MAX]; /* without the leading slash, cut if longer, always ended */
};

struct pm_reboot_req {
	uint32_t how;    /* ABORT_POWEROFF or ABORT_RESET */
	uint32_t status; /* told to the emulator, as in sys_abort */
};
struct pm_reboot_rep {
};

struct pm_times_req {
};
struct pm_times_rep {
	uint64_t user_nsecs;     /* that the caller has run */
	uint64_t children_nsecs; /* that children which it has waited for have run, and theirs */
};

/* The call of PM that a process waits in. */
#define PM_WAITS(WAIT)                                                    \
	WAIT(WAITS_NOT, "does not wait for pm")                           \
	WAIT(WAITS_VFORK, "waits for its child")  /* not interruptible */ \
	WAIT(WAITS_CHILD, "waits for a child")    /* wait4 */             \
	WAIT(WAITS_SLEEP, "sleeps")               /* nanosleep */         \
	WAIT(WAITS_SUSPEND, "waits for a signal") /* sigsuspend */        \
	WAIT(WAITS_SIGNAL, "waits for a signal")  /* sigtimedwait */

#define WAIT(NAME, text) NAME,
enum process_wait { PM_WAITS(WAIT) };
#undef WAIT

/* PM's processes, one by one. ENOENT: there are no more. */
struct pm_procinfo_req {
	uint32_t index; /* 0, then what `next` says */
};
struct pm_procinfo_rep {
	uint32_t next;
	endpoint_t endpoint;          /* NONE: a zombie, which has ended and waits for its parent to ask */
	int32_t pid, ppid, pgid, sid; /* ppid 0: none */
	uint32_t flags;               /* PM_PROC_* */
	uint32_t waits;               /* enum process_wait */
	char name[PROC_NAME_MAX];
	uint64_t user_nsecs; /* of a zombie: the time it ran */
};
#define PM_PROC_SERVICE 1 /* started by RS */
#define PM_PROC_STOPPED 2 /* by a signal */

/*
 * What has become of processes, in the order in which it happened. A caller with PRIV_EVENTS becomes a
 * listener: it is notified when there is more, and told from then on, until it ends. Events are numbered,
 * modulo 2^32, and one is told again until the listener says that it is done with it: so who notes with what
 * an event has changed that it is done has it neither twice nor not at all, whenever it dies. A new listener
 * says what number comes before its first.
 *
 * If the listener has PRIV_KEEP too, its events wait for the next caller of its privilege set, its successor.
 * However long a listener does not ask, nothing is lost, but of many events it is told what they come to: of
 * a process that has come and gone nothing, of others a fork from one that it knows, an exec, an exit.
 *
 * `lost` tells one that says a number that can't be, having lost what was kept, that it must look itself who
 * is alive (GET_PROCTAB). EPERM: the privilege is missing; EBUSY: there are too many listeners.
 */
struct pm_event {
	endpoint_t endpoint;
	endpoint_t what; /* it is a child of this one, which is 0 or above; or PM_EVENT_* */
};
#define PM_EVENT_EXEC     (-1)
#define PM_EVENT_EXIT     (-2)
#define PM_EVENTS_AT_ONCE 6
struct pm_events_req {
	uint32_t done; /* the number of the last event that it is done with */
};
struct pm_events_rep {
	uint32_t done;  /* the number before the first of these events; if none is lost the same as asked with
	                 */
	uint16_t count; /* fewer than PM_EVENTS_AT_ONCE: that was all */
	uint16_t lost;  /* 1: between what was done and these, some are missing */
	struct pm_event events[PM_EVENTS_AT_ONCE];
};

/* The process has caused an exception, and waits. PM's reply OK resumes it; without a reply it is dead. */
struct pm_exception_req {
	uint32_t signal;      /* the signal it deserves */
	int32_t si_code;      /* as Linux gives it */
	uint32_t address;     /* the fault's, or the instruction's */
	uint32_t trap, error; /* the processor's vector and error code */
	uint32_t fatal;       /* 1: the process can not handle it, whatever its actions say */
	uint32_t undefined;   /* 1: it came where the compiler has marked undefined behaviour */
};
struct pm_exception_rep {
};

#define OP(number, NAME, name) MESSAGE_FITS(pm, name)
#include <granite/abi/ops/pm.def>
#include <granite/abi/ops/pm_kernel.def>
#undef OP

#endif
