/* SPDX-License-Identifier: MIT */
/*
 * RS, the reincarnation server: starts the manifest's services, tells their endpoints, restarts them. It
 * waits for nobody but PM, VM and the kernel: what it tells others are notifications, answers to those who
 * wait, and asynchronous messages.
 */
#ifndef RS_H
#define RS_H

#include <sys/types.h>
#include <granite/abi/rs.h>
#include <granite/server.h>
#include "manifest.h"

#define OP(number, NAME, name) SERVER_DECLARE(rs, name)
#include <granite/abi/ops/rs.def>
#undef OP

#define NEVER UINT64_MAX /* as a time */

/* ---- main.c ---- */

/* One line to the kernel's log; "[rs] " comes by itself. RS itself has no console. */
void rs_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- programs.c ---- */

/* Maps the boot archive; comes before the functions below. OK or a negative errno. */
GRANITE_MUST_CHECK int programs_init(void);
/* Where the data of an entry of the archive is. OK, or a negative errno; -ENOENT: no such entry. */
GRANITE_MUST_CHECK int programs_read(const char *name, struct span *data);
/* Why PM would not start the program of this path. */
enum rs_problem programs_problem(const char *path);

/* ---- process.c: processes as PM and the kernel have them ---- */

/*
 * Makes the process of a service; it has the service's rights, and waits for process_release. OK, or a
 * negative errno and *problem. -ESRCH: it has been killed already, and process_reap will tell.
 */
GRANITE_MUST_CHECK int process_make(const struct manifest_service *entry, pid_t *pid, endpoint_t *endpoint,
                                    enum rs_problem *problem);
/*
 * What `old`, which is dead, has kept is for `heir`, which waits for process_release, or with NONE for
 * nobody. OK also if it has kept nothing; -EDEADSRCDST: the heir is dead too.
 */
GRANITE_MUST_CHECK int process_bequeath(endpoint_t old, endpoint_t heir);
/* Lets it become its program. */
void process_release(endpoint_t endpoint);
/* Sends a signal; who is dead already does not mind. */
void process_signal(pid_t pid, int signal);
/* Asks whether it is alive: the server loop answers by a notification. */
void process_ask(endpoint_t endpoint);
/* The next child of RS that has ended, and its status as wait(2) tells it. 0: no other has. */
pid_t process_reap(int *status);
/* 0: it is still a fork of RS, that runs RS's own code. */
int process_has_executed(pid_t pid);
int process_has_privilege(endpoint_t endpoint, uint32_t privilege);
/* Sends *m whenever `to` takes it. OK or a negative errno. */
GRANITE_MUST_CHECK int process_tell(endpoint_t to, const struct message *m);
/* Switches the machine off; returns if that is refused. */
void process_power_off(uint32_t status);
/* Nanoseconds since boot. */
uint64_t process_now(void);
/* Has CLOCK notify RS at this time, and at no other. NEVER: not at all. */
void process_alarm(uint64_t time);

/* ---- services.c ---- */

/* Why a service is being ended. */
enum stop_reason { STOP_NOT, STOP_DOWN, STOP_RESTART, STOP_UNHEARD };

/* Invariant: it has a process (pid) if and only if it is RS_IS_RUNNING or RS_IS_STOPPING. */
struct service {
	const struct manifest_service *entry;
	enum rs_problem program; /* what is wrong with that: looked up once, for the archive never changes */
	enum rs_state state;
	pid_t pid;
	endpoint_t endpoint; /* of its process; NONE: it has none, or one that was killed at once */
	endpoint_t keeper;   /* by this name VM knows what it has kept; NONE: it can't have kept anything */
	uint64_t since, started_at; /* when it came into its state; when its process was made */
	uint64_t deadline;          /* RUNNING: next heartbeat; STOPPING: SIGKILL; WAITING: start; or NEVER */
	enum stop_reason stopped_by; /* STOPPING: why */
	uint32_t unanswered;         /* heartbeats */
	uint32_t restarts;
	uint32_t exec_error; /* the errno with which its process has failed to become its program, or 0 */
	struct restart_record record;
	struct rs_end end; /* the last of its program */
	enum rs_problem problem;
	uint32_t error; /* an errno that belongs to it, or 0 */
};

/* Starts the manifest's services, in its order. */
void services_start(const struct manifest *manifest);
/* Looks for children that have ended, and does what the manifest says about the services among them. */
void services_reap(void);
/* The service of this label or endpoint, or this place in the manifest; NULL: there is none. */
struct service *services_find(const char *label);
struct service *services_by_endpoint(endpoint_t endpoint);
struct service *services_at(uint32_t index);
/* Starts one that has no process; what was before is forgotten. */
void services_begin(struct service *service);
/* Ends one that has a process; one that is being ended already goes on with the new reason. */
void services_end(struct service *service, enum stop_reason reason);
/* One that has no process is not started again. */
void services_put_down(struct service *service);
/* Does what is due. */
void services_expire(uint64_t now);
/* When something is. */
uint64_t services_deadline(void);

/* ---- heartbeat.c ---- */

/* From now on it must answer. */
void heartbeat_begin(struct service *service, uint64_t now);
/* It has notified RS. */
void heartbeat_heard(endpoint_t endpoint);
/* The time for its next one has come. */
void heartbeat_due(struct service *service, uint64_t now);

/* ---- waiters.c: clients whose answer comes later ---- */

/* Until the service runs (as await tells it, or up), or until it is down. */
enum waiter_kind { WAITS_AWAIT, WAITS_UP, WAITS_DOWN };

struct waiter {
	endpoint_t client;
	enum waiter_kind kind;
	struct service *service;
	endpoint_t dead;   /* AWAIT: not this one */
	enum rs_state was; /* UP, DOWN: what the service was doing */
	uint64_t patience; /* so many nanoseconds; NEVER, unless AWAIT */
};

/*
 * Answers the client when there is something to say, which may be now: then it is the result, and the reply
 * is filled. Otherwise SERVER_NO_REPLY. A client that waited already has given that up: it can't ask twice.
 */
int waiters_add(const struct waiter *waiter, void *reply);
/* Its call is over, by EINTR. */
void waiters_cancel(endpoint_t client);
/* The service has come into a state that it stays in for now. */
void waiters_settled(const struct service *service);
void waiters_expire(uint64_t now);
uint64_t waiters_deadline(void);

/* ---- labels.c: the data store is told of labels ---- */

/* VM, PM and RS have labels too. */
void labels_init(void);
/*
 * The endpoint behind a label is another now; NONE: there is nobody, or it is sure now that nobody will come.
 * The store is told, if it is not about itself.
 */
void labels_changed(const char *label, endpoint_t endpoint);
/* Tells the store what it has not been told: for when it has been released. */
void labels_tell(void);
/* Tells what has not been told, as far as that is possible. */
void labels_expire(uint64_t now);
uint64_t labels_deadline(void);

/* ---- timers.c ---- */

/* To be called when deadlines may have changed. */
void timers_update(void);
/* The alarm has rung; timers_update follows. */
void timers_ring(void);

#endif
