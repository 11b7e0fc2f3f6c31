/* SPDX-License-Identifier: MIT */
/*
 * What a signal does to a process. Its own state machine (signals.c) judges; here the judgement is carried
 * out.
 *
 * A signal with a handler is only noted: the kernel makes the process fetch it when it next returns to user
 * mode. If the process waits in PM the wait ends at once; if it waits for another server, that server is told
 * to cancel.
 */
#include <errno.h>
#include <granite/sys.h>
#include "pm.h"

#define RECANCEL_NSECS 10000000u /* when too many cancellations are under way */

static void retry_cancelling(void *owner);

static struct timer recancel_timer = {.fire = retry_cancelling};

/* VM's calls end soon by themselves, and PM's have been seen to. */
static int cancellable(endpoint_t server)
{
	return server >= 0 && server != VM_PROC_NR && server != PM_PROC_NR;
}

/* Tells the kernel, and whoever else must know, that a signal waits, or that the process is stopped. */
static void note(struct process *process, enum sigupcall_state state)
{
	endpoint_t server = NONE;

	process->flags &= ~(uint32_t)(PROCESS_RECANCEL | PROCESS_STOP_NOTED);
	process->flags |= state == SIGUPCALL_STOP ? PROCESS_NOTED | PROCESS_STOP_NOTED : PROCESS_NOTED;
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

	if (!(process->flags & PROCESS_NOTED))
		return;
	process->flags &= ~(uint32_t)(PROCESS_NOTED | PROCESS_STOP_NOTED | PROCESS_RECANCEL);
	/* Fails only for an endpoint that does not live, and then there is nothing to forget. */
	(void)!sys_sigupcall(process->endpoint, SIGUPCALL_NONE, &server);
}

/* The kernel is asked afresh: the process may wait for another server by now, or for none. */
static void retry_cancelling(void *owner)
{
	(void)owner;
	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
		if (process_alive(p) && (p->flags & PROCESS_RECANCEL))
			note(p, p->flags & PROCESS_STOP_NOTED ? SIGUPCALL_STOP : SIGUPCALL_SIGNAL);
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

	process->event = event;
	process->status = status;
	if (!parent)
		return;
	wait_check(parent);
	if (!(parent->signals.actions[SIGCHLD - 1].flags & SA_NOCLDSTOP))
		signal_parent(process, code, (uint32_t)signal);
}

static void stop(struct process *process, int signal)
{
	/* POSIX: nobody could continue a member of an orphaned group that the terminal stops. */
	if (signal != SIGSTOP && jobs_orphaned(process->pgid))
		return;
	process_set_stopped(process, 1);
	(void)!sys_stop(process->endpoint, 1);
	/* Who is stopped in a read must not take what is typed for others: the call ends, and is made again
	 * later. */
	if (!(process->flags & PROCESS_NOTED))
		note(process, SIGUPCALL_STOP);
	tell_event(process, EVENT_STOPPED, STATUS_STOPPED(signal), CLD_STOPPED, signal);
}

static void interrupt(struct process *process)
{
	if (!(process->flags & PROCESS_NOTED) || process->flags & PROCESS_STOP_NOTED)
		note(process, SIGUPCALL_SIGNAL);
	wait_interrupt(process);
}

/* A saved mask comes back by a fetch: the process must make one even if the signal has gone meanwhile. */
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
	(void)!sys_stop(process->endpoint, 0);
	tell_event(process, EVENT_CONTINUED, STATUS_CONTINUED, CLD_CONTINUED, SIGCONT);
}

/* sigtimedwait takes a signal before any handler does, unless it is ignored. */
static int accept_waited(struct process *process)
{
	struct signal_info info;
	struct pm_sigtimedwait_rep reply = {0};

	if (process->waits != WAITS_SIGNAL)
		return 0;
	reply.signal = (uint32_t)signals_take(&process->signals, process->wait_set, &info);
	if (!reply.signal)
		return 0;
	reply.si_code = info.code;
	reply.si_a = info.a;
	reply.si_b = info.b;
	reply.si_c = info.c;
	wait_end(process, OK, &reply, sizeof(reply));
	return 1;
}

/* As everywhere, the first process only gets what it has asked for: the system ends with it. */
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
