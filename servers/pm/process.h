/* SPDX-License-Identifier: MIT */
/*
 * PM's process table. Nothing here takes longer because there are more processes: who is looked for by number
 * is found by it, the members of a group and the children with news for their parent are lists. A record
 * lives from fork until the parent has waited for it, which is longer than the process's slot in the kernel's
 * table; so records have their own numbers, and endpoints lead to them by a map.
 */
#ifndef PM_PROCESS_H
#define PM_PROCESS_H

#include <granite/abi/endpoint.h>
#include <granite/abi/info.h>
#include <granite/abi/pm.h>
#include <granite/abi/sys.h>
#include "signals.h"
#include "timers.h"

#define PROCESSES_MAX 1024  /* living processes and zombies */
#define PID_MAX       30000 /* then pids start again, skipping those in use */
#define PID_RS        1

enum process_state { PROCESS_FREE, PROCESS_ALIVE, PROCESS_ZOMBIE };

enum process_flag {
	PROCESS_STOPPED = 0x01,  /* by a stop signal, until SIGCONT */
	PROCESS_EXECED = 0x02,   /* has called exec: its parent may not move it to another group any more */
	PROCESS_SERVICE = 0x04,  /* started by RS: kill(-1) spares it */
	PROCESS_RECANCEL = 0x08, /* the server that it waits for is yet to be told: see deliver.c */
	PROCESS_HANGUP = 0x10,   /* member of a newly orphaned group: see jobs.c */
};

/* What a parent can still learn of a living child by wait4. */
enum process_event { EVENT_NONE, EVENT_STOPPED, EVENT_CONTINUED };

/*
 * Invariants: state is PROCESS_FREE, or pid is in the map of pids; the process is PROCESS_ALIVE if and only
 * if the map of endpoints leads to it; it has a parent unless it is RS; a zombie waits for nothing, has no
 * children and no timers queued. All members of a group are in the same session. A child is among its
 * parent's news if and only if it is a zombie or has an event.
 */
struct process {
	enum process_state state;
	uint32_t flags; /* PROCESS_* */
	/* Changed by process.c alone, but for the last ones, which exec.c takes from the program. */
	endpoint_t endpoint; /* NONE: a zombie's */
	int32_t pid, pgid, sid;
	char name[PROC_NAME_MAX];
	uint32_t program;               /* where its file is in the archive; 0: it has none yet */
	vir_bytes text_start, text_end; /* where its code is in its memory */
	struct process *parent;
	struct process *first_child, *last_child; /* oldest first */
	struct process *next_sibling, *previous_sibling;
	struct process *first_news,
	        *last_news; /* of the children those with something to tell, first come first */
	struct process *next_news, *previous_news;
	struct process *next_in_group, *previous_in_group;
	struct process *next_free; /* of a record that is free */

	struct signal_state signals; /* changed by signals.c alone */
	enum sigupcall_state noted;  /* deliver.c's: what the kernel has been told of them */

	/* wait.c's: the call that it waits in (<granite/abi/pm.h>), and what that call needs. */
	enum process_wait waits;
	struct timer deadline;           /* when a wait that is not for ever ends by itself */
	struct process *vfork_child;     /* of WAITS_VFORK; it points back */
	struct process *vfork_parent;    /* whom its exec or exit releases, or NULL */
	struct pm_wait_req wait_request; /* of WAITS_CHILD */
	uint64_t wait_set;               /* of WAITS_SIGNAL */
	uint32_t sleep_is_absolute;      /* of WAITS_SLEEP: nothing is left of it when it is interrupted */

	/* sleep.c's: ITIMER_REAL. */
	struct timer alarm;
	uint64_t alarm_interval; /* nanoseconds; 0: it rings once */

	/* What wait4 will tell: exit.c and deliver.c write it, wait.c reads it. */
	enum process_event event; /* set by process_set_event */
	uint32_t status;          /* wait4's: of the event, or of a zombie's end */
	uint64_t user_nsecs;      /* of a zombie: how long it ran */
	uint64_t children_nsecs;  /* how long the children ran that it has waited for, and theirs */
};

extern struct process process_table[PROCESSES_MAX];

/* Makes all records free. */
void process_init(void);

/*
 * Whether there is no room for another child of `parent`. Some is kept
 * for RS, so that it can restart services.
 */
int process_full(const struct process *parent);

/*
 * A new living process with a pid, a group and a session of its own, and
 * everything else empty. The table must not be full.
 */
struct process *process_allocate(endpoint_t endpoint);

/* Frees a record, a zombie's or one that never came to life. */
void process_free(struct process *process);

/* The living process of this endpoint, or NULL. */
struct process *process_by_endpoint(endpoint_t endpoint);

/* The process, living or zombie, of this pid, or NULL. */
struct process *process_by_pid(int32_t pid);

/* A living process becomes a zombie: its endpoint names nobody any more. */
void process_bury(struct process *process);

/* Makes it the youngest child of `parent`; NULL: nobody's. */
void process_set_parent(struct process *process, struct process *parent);

/* Moves it to another group and session. */
void process_set_group(struct process *process, int32_t pgid, int32_t sid);

/* Sets or clears PROCESS_STOPPED of a living process. */
void process_set_stopped(struct process *process, int stopped);

/* How many living processes are stopped. */
uint32_t process_count_stopped(void);

/* The first of the processes, living or zombies, in this group; next_in_group leads to the others. NULL:
 * none. */
struct process *process_first_of_group(int32_t pgid);

/* What the parent is to learn of a living child; EVENT_NONE: it has, or it is over. */
void process_set_event(struct process *process, enum process_event event);

static inline int process_alive(const struct process *process)
{
	return process->state == PROCESS_ALIVE;
}

#endif
