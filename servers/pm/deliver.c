/* SPDX-License-Identifier: MIT */
/*
 * What a signal does to a process. Its own state machine (signals.c) judges; here the judgement is carried
 * out. A signal that kills or stops does so at once. For one with a handler the kernel is told
 * (sys_sigupcall), and makes the process fetch it when it next returns to user mode. If the process waits in
 * PM the wait ends now; if it waits for another server, that one is asked to cancel the call.
 *
 * The kernel calls here fail only for a process that does not live, and then there is nothing left to do.
 */
#include <errno.h>
#include <granite/sys.h>
#include "pm.h"

#define RECANCEL_NSECS 10000000u /* when too many cancellations are under way */

static void retry_cancelling(void *owner);

static struct timer recancel_timer = {.fire = retry_cancelling};

/* VM's calls end soon by themselves, and waits in PM are ended by wait_interrupt. */
static int cancellable(endpoint_t server)
{
	return server >= 0 && server != VM_PROC_NR && server != PM_PROC_NR;
}

/* Tells the kernel, and the server that the process waits for, that there is a signal or a stop. */
static void note(struct process *process, enum sigupcall_state state)
{
	endpoint_t server = NONE;

	process->noted = state;
	process->flags &= ~(uint32_t)PROCESS_RECANCEL;
	if (sys_sigupcall(process->endpoint, state, &server) != OK || !cancellable(server))
		return;
	if (peer_cancel(server, process->endpoint) != -EAGAIN)
		return;
	process->flags |= PROCESS_RECANCEL;
	clock_set(&recancel_timer, clock_after(clock_now(), RECANCEL_NSECS));
}

void signal_forget_note(struct process *process)
{
	endpoint_t server;

	if (process->noted == SIGUPCALL_NONE)
		return;
	process->noted = SIGUPCALL_NONE;
	process->flags &= ~(uint32_t)PROCESS_RECANCEL;
	GRANITE_IGNORE(sys_sigupcall(process->endpoint, SIGUPCALL_NONE, &server));
}

/* The kernel is asked afresh: the process may wait for another server by now, or for none. */
static void retry_cancelling(void *owner)
{
	(void)owner;
	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
		if (process_alive(p) && (p->flags & PROCESS_RECANCEL))
			note(p, p->noted);
}

void signal_parent(const struct process *child, int code, uint32_t status)
{
	const struct signal_info info = {.code = code, .a = (uint32_t)child->pid, .c = status};

	if (child->parent)
		signal_send(child->parent, SIGCHLD, &info);
}

static void tell_event(struct process *process, enum process_event event, uint32_t status, int code,
                       int signal)
{
	struct process *parent = process->parent;

	process_set_event(process, event);
	process->status = status;
	if (!parent)
		return;
	wait_check(parent);
	if (!(parent->signals.actions[SIGCHLD - 1].flags & SA_NOCLDSTOP))
		signal_parent(process, code, (uint32_t)signal);
}

/*
 * A process that is stopped in a read must not take what is typed for others. So its call ends, to be made
 * again when the process goes on.
 */
static void stop(struct process *process, int signal)
{
	/* POSIX: nobody could continue a member of an orphaned group that the terminal stops. */
	if (signal != SIGSTOP && jobs_orphaned(process->pgid))
		return;
	process_set_stopped(process, 1);
	GRANITE_IGNORE(sys_stop(process->endpoint, 1));
	if (process->noted == SIGUPCALL_NONE)
		note(process, SIGUPCALL_STOP);
	tell_event(process, EVENT_STOPPED, STATUS_STOPPED(signal), CLD_STOPPED, signal);
}

static void interrupt(struct process *process)
{
	if (process->noted != SIGUPCALL_SIGNAL)
		note(process, SIGUPCALL_SIGNAL);
	wait_interrupt(process);
}

/* What sigsuspend has saved comes back by a fetch: there must be one even if the signal has gone. */
static void note_nothing(struct process *process)
{
	if (!process->signals.mask_is_saved)
		signal_forget_note(process);
}

void signal_settle(struct process *process)
{
	int signal;

	while (process_alive(process) && !(process->flags & PROCESS_STOPPED)) {
		switch (signals_judge(&process->signals, &signal)) {
		case SIGNAL_NOTHING:
			note_nothing(process);
			return;
		case SIGNAL_CATCH:
			interrupt(process);
			return;
		case SIGNAL_KILLS:
			crash(process, signal, &process->signals.infos[signal - 1]);
			process_die(process, STATUS_SIGNALED(signal));
			return;
		case SIGNAL_STOPS:
			stop(process, signal);
			break;
		}
	}
}

static void go_on(struct process *process)
{
	process_set_stopped(process, 0);
	signal_settle(process);
	if (!process_alive(process) || (process->flags & PROCESS_STOPPED))
		return;
	GRANITE_IGNORE(sys_stop(process->endpoint, 0));
	tell_event(process, EVENT_CONTINUED, STATUS_CONTINUED, CLD_CONTINUED, SIGCONT);
}

/* sigtimedwait takes a signal before any handler does, unless it is ignored. */
static int accept_waited(struct process *process)
{
	struct pm_sigtimedwait_rep reply;

	if (process->waits != WAITS_SIGNAL ||
	    signals_take(&process->signals, process->wait_set, &reply) != OK)
		return 0;
	wait_end(process, OK, &reply, sizeof(reply));
	return 1;
}

/* The system ends with RS: like the first process of other systems it gets only what it catches. */
static int immune(const struct process *process, int signal)
{
	return process == process_rs() && !(process->signals.caught & SIGNAL_BIT(signal));
}

void signal_send(struct process *process, int signal, const struct signal_info *info)
{
	int posted;

	if (!process_alive(process) || immune(process, signal))
		return;
	if (signal == SIGKILL) {
		process_die(process, STATUS_SIGNALED(SIGKILL));
		return;
	}
	posted = signals_post(&process->signals, signal, info) && !accept_waited(process);
	if (signal == SIGCONT && (process->flags & PROCESS_STOPPED))
		go_on(process);
	else if (posted)
		signal_settle(process);
}
