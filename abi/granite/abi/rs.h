/* SPDX-License-Identifier: MIT */
/* Requests and replies of RS. A label in a request must have an end: EINVAL. */
#ifndef GRANITE_ABI_RS_H
#define GRANITE_ABI_RS_H

#include <granite/abi/types.h>
#include <granite/abi/message.h>
#include <granite/abi/info.h>

#define RS_BASE 0x700

enum rs_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/rs.def>
#undef OP
};

/* What a service is doing. */
#define RS_STATES(STATE)                                                                 \
	STATE(RS_IS_DOWN, "down") /* ended, or put down; nobody starts it */             \
	STATE(RS_IS_RUNNING, "running")                                                  \
	STATE(RS_IS_STOPPING, "being ended")    /* it has been sent a signal */          \
	STATE(RS_IS_WAITING, "restarts")        /* it has ended, and is started again */ \
	STATE(RS_IS_GIVEN_UP, "given up")       /* it has failed too often */            \
	STATE(RS_IS_UNSTARTABLE, "can't start") /* `problem` says why */

#define STATE(NAME, text) NAME,
enum rs_state { RS_STATES(STATE) RS_NR_STATES };
#undef STATE

/* Why a service can't be started. The text goes on after the path of its program. */
#define RS_PROBLEMS(PROBLEM)                                                 \
	PROBLEM(RS_NO_PROBLEM, "has no problem")                             \
	PROBLEM(RS_NO_PROGRAM, "is not in the archive")                      \
	PROBLEM(RS_NOT_EXECUTABLE, "is not executable")                      \
	PROBLEM(RS_NOT_ON_A_PAGE, "does not begin on a page of the archive") \
	PROBLEM(RS_NO_I386_PROGRAM, "is not a static i386 program")          \
	PROBLEM(RS_BAD_RIGHTS, "is to have rights that the kernel refuses")  \
	PROBLEM(RS_NO_PROCESS, "gets no process")                            \
	PROBLEM(RS_EXEC_FAILED, "could not be executed")

#define PROBLEM(NAME, text) NAME,
enum rs_problem { RS_PROBLEMS(PROBLEM) RS_NR_PROBLEMS };
#undef PROBLEM

/* How a service ended last. */
enum rs_end_kind {
	RS_NOT_ENDED,
	RS_EXITED,   /* `number`: its status */
	RS_KILLED,   /* `number`: the signal */
	RS_UNHEARD,  /* killed by RS because it had missed its heartbeat */
	RS_ASKED_TO, /* by RS_DOWN or RS_RESTART. `number`: as wait(2) tells it */
};

struct rs_end {
	uint16_t kind, number;
};

/* ESRCH: no such service runs. */
struct rs_lookup_req {
	char label[PROC_NAME_MAX];
};
struct rs_lookup_rep {
	endpoint_t endpoint;
};

/*
 * Answered once the service runs, under another endpoint than `dead`. ESRCH: there is no such service;
 * ENODEV: it does not run and RS won't start it; ETIMEDOUT.
 */
struct rs_await_req {
	char label[PROC_NAME_MAX];
	uint64_t nsecs;  /* how long at most */
	endpoint_t dead; /* whom the caller has found dead, or NONE: RS may not know it yet */
};
struct rs_await_rep {
	endpoint_t endpoint;
};

/*
 * Control, for those with PRIV_CONTROL: EPERM. ESRCH: there is no such service; EACCES: vm, pm and rs are not
 * to be controlled. Answered when it is done; what has been done is told with errors too.
 */
struct rs_outcome {
	int32_t pid;  /* of the process that runs now; 0: none does */
	uint32_t was; /* enum rs_state: what it was doing when asked */
	struct rs_end end;
	uint32_t problem, error; /* enum rs_problem; an errno, or 0 */
};

/*
 * Starts it, unless it runs; what has failed before is forgotten. ENOEXEC: it can't be started; EAGAIN: not
 * now, RS will try again; ECANCELED: somebody else has put it down meanwhile.
 */
struct rs_up_req {
	char label[PROC_NAME_MAX];
};
struct rs_up_rep {
	struct rs_outcome outcome;
};

/*
 * Ends it: by SIGTERM, and if it still runs RS_GRACE_NSECS later by SIGKILL. It is not started again.
 * ECANCELED: somebody else has had it started meanwhile.
 */
struct rs_down_req {
	char label[PROC_NAME_MAX];
};
struct rs_down_rep {
	struct rs_outcome outcome;
};
#define RS_GRACE_NSECS 2000000000ull

/* Ends it as RS_DOWN does, if it runs, and starts it as RS_UP does. */
struct rs_restart_req {
	char label[PROC_NAME_MAX];
};
struct rs_restart_rep {
	struct rs_outcome outcome;
};

/* The services one by one, in the manifest's order. ENOENT: there are no more. */
struct rs_status_req {
	uint32_t index; /* from 0 on */
};
struct rs_status_rep {
	uint64_t since_nsecs; /* when it came into its state, in nanoseconds since boot */
	uint64_t until_nsecs; /* RS_IS_WAITING: when it is started again */
	char label[PROC_NAME_MAX];
	int32_t pid;       /* 0: it does not run */
	uint32_t restarts; /* how often it was started again */
	struct rs_end end;
	uint16_t state, problem; /* enum rs_state, enum rs_problem */
	uint32_t error;          /* an errno that belongs to the problem, or 0 */
};

/*
 * The label that the endpoint's process has, from before it runs its program. ESRCH: it has none, and never
 * will have one, unless it is a child of RS's that has not executed its program yet.
 */
struct rs_label_req {
	endpoint_t endpoint;
};
struct rs_label_rep {
	char label[PROC_NAME_MAX]; /* with its end */
};

/*
 * A service's process, when exec has failed: why. It then ends. EPERM: the caller is not a service's, or has
 * called exec with success; EINVAL: no error.
 */
struct rs_not_executed_req {
	uint32_t error; /* an errno */
};
struct rs_not_executed_rep {
};

#define OP(number, NAME, name) MESSAGE_FITS(rs, name)
#include <granite/abi/ops/rs.def>
#undef OP

#endif
