/* SPDX-License-Identifier: MIT */
/* Waiting inside PM: how a wait begins and ends, and wait4 itself. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include "pm.h"

/* ---- Waits of all kinds ---- */

void wait_begin(struct process *process, enum process_wait waits)
{
	process->waits = waits;
}

void wait_begin_until(struct process *process, enum process_wait waits, uint64_t deadline,
                      void (*expire)(void *process))
{
	process->deadline.fire = expire;
	process->deadline.owner = process;
	clock_set(&process->deadline, deadline);
	wait_begin(process, waits);
}

void wait_forget(struct process *process)
{
	clock_cancel(&process->deadline);
	if (process->waits == WAITS_VFORK) {
		process->vfork_child->vfork_parent = NULL;
		process->vfork_child = NULL;
	}
	process->waits = WAITS_NOT;
}

/* The reply may find nobody: a process need not wait for the answer to its call. */
void wait_end(struct process *process, int result, const void *reply, size_t bytes)
{
	wait_forget(process);
	server_reply(process->endpoint, result, reply, bytes);
}

void wait_interrupt(struct process *process)
{
	struct pm_nanosleep_rep slept = {0};

	switch (process->waits) {
	case WAITS_NOT:
	case WAITS_VFORK:
		return;
	case WAITS_SLEEP:
		if (!process->sleep_is_absolute)
			slept.left_nsecs = clock_left(&process->deadline);
		wait_end(process, -EINTR, &slept, sizeof(slept));
		return;
	case WAITS_CHILD:
	case WAITS_SUSPEND:
	case WAITS_SIGNAL:
		wait_end(process, -EINTR, NULL, 0);
		return;
	}
}

void wait_release_vfork(struct process *child)
{
	struct process *parent = child->vfork_parent;
	struct pm_fork_rep reply = {.pid = child->pid};

	if (parent)
		wait_end(parent, OK, &reply, sizeof(reply));
}

/* ---- wait4 ---- */

/* The group that `parent` means by waitpid(pid), a pid below 1 and not -1; 0: none can be meant. */
static int32_t group_meant(const struct process *parent, int32_t pid)
{
	if (pid == 0)
		return parent->pgid;
	return pid == INT32_MIN ? 0 : -pid;
}

static int has_news(const struct process *child, uint32_t options)
{
	return child->state == PROCESS_ZOMBIE || (child->event == EVENT_STOPPED && (options & WUNTRACED)) ||
	       (child->event == EVENT_CONTINUED && (options & WCONTINUED));
}

static int has_child_in_group(const struct process *parent, int32_t pgid)
{
	for (const struct process *p = process_first_of_group(pgid); p; p = p->next_in_group)
		if (p->parent == parent)
			return 1;
	return 0;
}

/* The child in the group (0: in any) that has had news for longest, or NULL. */
static struct process *first_with_news(const struct process *parent, int32_t pgid, uint32_t options)
{
	for (struct process *child = parent->first_news; child; child = child->next_news)
		if ((!pgid || child->pgid == pgid) && has_news(child, options))
			return child;
	return NULL;
}

/* The child that is meant and has had news for longest, or NULL. *candidates: whether any is meant. */
static struct process *find_child(const struct process *parent, const struct pm_wait_req *request,
                                  int *candidates)
{
	struct process *child;
	int32_t pgid;

	if (request->pid > 0) {
		child = process_by_pid(request->pid);
		*candidates = child && child->parent == parent;
		return *candidates && has_news(child, request->options) ? child : NULL;
	}
	if (request->pid == -1) {
		*candidates = parent->first_child != NULL;
		return first_with_news(parent, 0, request->options);
	}
	pgid = group_meant(parent, request->pid);
	*candidates = has_child_in_group(parent, pgid);
	return *candidates ? first_with_news(parent, pgid, request->options) : NULL;
}

/* News is told once: afterwards an event is over, and a zombie gone. */
static void report(struct process *parent, struct process *child, struct pm_wait_rep *reply)
{
	reply->pid = child->pid;
	reply->status = child->status;
	reply->user_nsecs = child->user_nsecs + child->children_nsecs;
	process_set_event(child, EVENT_NONE);
	if (child->state != PROCESS_ZOMBIE)
		return;
	parent->children_nsecs += reply->user_nsecs;
	process_free(child);
}

/* OK: *reply tells of a child. -ECHILD: there is none to wait for. -EAGAIN: there is no news yet. */
static int try_wait(struct process *parent, const struct pm_wait_req *request, struct pm_wait_rep *reply)
{
	int candidates;
	struct process *child = find_child(parent, request, &candidates);

	if (!candidates)
		return -ECHILD;
	if (!child)
		return -EAGAIN;
	report(parent, child, reply);
	return OK;
}

void wait_check(struct process *parent)
{
	struct pm_wait_rep reply = {0};
	int result;

	if (parent->waits != WAITS_CHILD)
		return;
	result = try_wait(parent, &parent->wait_request, &reply);
	if (result != -EAGAIN)
		wait_end(parent, result, &reply, sizeof(reply));
}

int do_wait(struct process *caller, const struct pm_wait_req *request, struct pm_wait_rep *reply)
{
	int result;

	if (request->options & ~(uint32_t)(WNOHANG | WUNTRACED | WCONTINUED))
		return -EINVAL;
	result = try_wait(caller, request, reply);
	if (result != -EAGAIN)
		return result;
	if (request->options & WNOHANG)
		return OK;
	caller->wait_request = *request;
	wait_begin(caller, WAITS_CHILD);
	signal_settle(caller);
	return SERVER_NO_REPLY;
}
