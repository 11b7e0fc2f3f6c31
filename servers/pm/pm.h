/* SPDX-License-Identifier: MIT */
/*
 * PM, the process manager: which processes there are, who is whose parent, and which signals they get.
 *
 * PM waits for nobody but VM. A request that can't be answered at once leaves its caller in one of the states
 * WAITS_*, and whatever ends the wait answers it.
 */
#ifndef PM_H
#define PM_H

#include <formats/cpio.h>
#include <granite/abi/pm.h>
#include <granite/abi/priv.h>
#include <granite/server.h>
#include "process.h"

/* Handlers get their caller's record: main.c has looked it up. */
#define OP(number, NAME, name)                                                       \
	int do_##name(struct process *caller, const struct pm_##name##_req *request, \
	              struct pm_##name##_rep *reply);
#include <granite/abi/ops/pm.def>
#undef OP

/* The kernel's requests come for processes that PM may not know. */
#define OP(number, NAME, name) SERVER_DECLARE(pm, name)
#include <granite/abi/ops/pm_kernel.def>
#undef OP

/* ---- main.c ---- */

/* One line to the kernel's log; "[pm] " comes by itself. */
void pm_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says why and ends the system. */
void pm_panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* RS: the parent of orphans, pid 1. NULL until it is started. */
struct process *process_rs(void);

/* ---- peers.c: the machine as PM reaches it; host tests put another in its place ---- */

/* Copies from or to a process's memory; in memory_read NONE is physical memory. As sys_vircopy. */
GRANITE_MUST_CHECK int memory_read(endpoint_t from, vir_bytes address, void *buffer, uint32_t bytes);
GRANITE_MUST_CHECK int memory_write(endpoint_t to, vir_bytes address, const void *buffer, uint32_t bytes);

/* As memory_read from a process, but only what is present: nobody is waited for, nothing is brought in. */
GRANITE_MUST_CHECK int memory_peek(endpoint_t from, vir_bytes address, void *buffer, uint32_t bytes);

/* Tells RS to look for ended children; it asks with wait4. */
void peer_notify_rs(void);

/* Notifies a process that is not RS. */
void peer_notify(endpoint_t endpoint);

/* The same, but it is not woken: as ipc_notify_later. */
void peer_notify_later(endpoint_t endpoint);

/* Has `server` end the call of `caller` under way with EINTR. -EAGAIN: try again later. */
GRANITE_MUST_CHECK int peer_cancel(endpoint_t server, endpoint_t caller);

/* What the processor can do: cpuid(1).edx. */
uint32_t processor_features(void);

/* ---- archive.c ---- */

/* Reads the archive's directory. OK, or a negative errno: why it can't be read. */
GRANITE_MUST_CHECK int archive_init(phys_bytes start, uint32_t bytes);

/* Finds the entry `name`. -ENOENT: there is none. */
GRANITE_MUST_CHECK int archive_find(const char *name, struct cpio_entry *entry);

/* Finds the entry whose file has the archive's byte `offset`. -ENOENT: there is none. */
GRANITE_MUST_CHECK int archive_find_at(uint32_t offset, struct cpio_entry *entry);

/* The entry number `index`, from 0. -ENOENT: there are not so many. */
GRANITE_MUST_CHECK int archive_entry(uint32_t index, struct cpio_entry *entry);

/* Copies bytes from `offset` of the archive on. */
GRANITE_MUST_CHECK int archive_read(uint32_t offset, void *buffer, uint32_t bytes);

/* ---- clock.c: PM's timers on the kernel's one alarm ---- */

/* The uptime, in nanoseconds, as all times here. */
uint64_t clock_now(void);

/* Sets a timer, also one that is queued, to `when`: its `fire` is then called. */
void clock_set(struct timer *timer, uint64_t when);

/* The timer need not be queued. */
void clock_cancel(struct timer *timer);

/* The kernel's alarm has rung: fires all timers that are due. */
void clock_ring(void);

/* start + nsecs, or the end of time. */
uint64_t clock_after(uint64_t start, uint64_t nsecs);

/* What is left of a queued timer, at least 1; 0: it is not queued. */
uint64_t clock_left(const struct timer *timer);

/* ---- wait.c ---- */

/* Puts the caller to wait. Its handler returns SERVER_NO_REPLY. */
void wait_begin(struct process *process, enum process_wait waits);

/* The same, until the uptime is `deadline` nanoseconds at the latest: `expire` must then end the wait. */
void wait_begin_until(struct process *process, enum process_wait waits, uint64_t deadline,
                      void (*expire)(void *process));

/* Ends the wait with this answer: `result`, and `bytes` of *reply (NULL and 0: an empty one). */
void wait_end(struct process *process, int result, const void *reply, size_t bytes);
/* Ends the wait, if a signal may, with EINTR. */
void wait_interrupt(struct process *process);
/* Forgets the wait without an answer: the process dies or has given it up. */
void wait_forget(struct process *process);
/* Answers a parent that waits for a child, if there is something to tell it now. */
void wait_check(struct process *parent);
/* exec or exit: lets the parent of a vfork go on. */
void wait_release_vfork(struct process *child);

/* ---- deliver.c ---- */

/*
 * Sends a signal, 1 to PM_NSIG, with all that follows. Afterwards the
 * process may be dead, and its record free.
 */
void signal_send(struct process *process, int signal, const struct signal_info *info);
/* Acts on what is pending: to be called after every change of mask, actions or pending set. Same warning. */
void signal_settle(struct process *process);
/* Sends the parent SIGCHLD: `code` is CLD_*, `status` the exit status or the signal. */
void signal_parent(const struct process *child, int code, uint32_t status);
/* The kernel is to forget that a signal waits: there is none any more, or the bridge that knew is gone. */
void signal_forget_note(struct process *process);

/* ---- exit.c ---- */

/* Ends a process with this wait4 status. The record becomes a zombie, or is freed if nobody will wait. */
void process_die(struct process *process, uint32_t status);
/* Whether it is a service that others wait for: a driver or a server, by its priority. */
int process_is_driver(const struct process *process);

/* What the kernel knows of the living process. 0: it knows none of that name. */
int process_kernel_info(const struct process *process, struct proc_info *info);

/* How long the living process ran, as the kernel tells. */
uint64_t process_user_nsecs(const struct process *process);

#define STATUS_EXITED(code)     (((code)&0xffu) << 8)
#define STATUS_SIGNALED(signal) ((uint32_t)(signal))
#define STATUS_STOPPED(signal)  ((uint32_t)(signal) << 8 | 0x7f)
#define STATUS_CONTINUED        0xffffu

/* ---- crash.c, report.c ---- */

/*
 * The process is about to die of this signal. If it is one of those that mean a crash, and not too many have
 * been reported lately, the log is told what a person needs to see.
 */
void crash(const struct process *process, int signal, const struct signal_info *info);

/* Writes the report to the log, of a process that is still there. */
void report_crash(const struct process *process, int signal, const struct signal_info *info);

/* The path of the process's program in the archive, or its name. The text lasts until the next call. */
const char *report_program(const struct process *process);

/* ---- events.c: what listeners are told ---- */

#define EVENTS_LISTENERS 4

/* Makes all listeners' places free. */
void events_init(void);

/* To be called before anybody can know of it. */
void events_forked(const struct process *parent, const struct process *child);
void events_execed(const struct process *process);
void events_exited(endpoint_t endpoint);

/* ---- jobs.c ---- */

/* `process`, which is about to go, held its own group and its children's together: see jobs.c. */
void jobs_leave(const struct process *process);
/* Sends what jobs_leave has found due. */
void jobs_hang_up(void);
/* Whether the group has no parent any more that could continue it. */
int jobs_orphaned(int32_t pgid);

/* ---- exec.c ---- */

/* Starts the archive's program bin/rs in the empty process RS. OK, or why not. */
GRANITE_MUST_CHECK int exec_rs(struct process *rs);

#endif
