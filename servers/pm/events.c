/* SPDX-License-Identifier: MIT */
/*
 * What the file server must know of processes: who was forked from whom, who has called exec, who has ended.
 * PM keeps it in order and notifies the server; the server asks for it (PM_EVENTS) before it takes the next
 * request, because notifications come first. So it knows of a fork before the child's first call, and of an
 * exec before the new program's.
 *
 * There is always room: a fork is refused where its event, or an exec and an exit of each process alive,
 * would not fit any more. A server that is dead has no events; one that is slow makes no other process wait.
 */
#include <assert.h>
#include <errno.h>
#include "pm.h"

#define EVENTS_MAX (4 * PROCESSES_MAX)

/* events[first % EVENTS_MAX] is the oldest of `count`. Nobody listens: there are none. */
static struct pm_event events[EVENTS_MAX];
static uint32_t first, count;
static endpoint_t listener = NONE;

int events_full(void)
{
	return count >= EVENTS_MAX - 2 * PROCESSES_MAX;
}

static void add(endpoint_t endpoint, endpoint_t what)
{
	assert(count < EVENTS_MAX);
	events[(first + count++) % EVENTS_MAX] = (struct pm_event){.endpoint = endpoint, .what = what};
	peer_notify(listener);
}

void events_forked(const struct process *parent, const struct process *child)
{
	if (listener != NONE)
		add(child->endpoint, parent->endpoint);
}

/* One stands for all that follow it: in between nothing was asked of the server, or it would know by now. */
void events_execed(struct process *process)
{
	if (listener == NONE || process->flags & PROCESS_EXEC_UNTOLD)
		return;
	process->flags |= PROCESS_EXEC_UNTOLD;
	add(process->endpoint, PM_EVENT_EXEC);
}

static void forget_all(void)
{
	listener = NONE;
	first = count = 0;
	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
		p->flags &= ~(uint32_t)PROCESS_EXEC_UNTOLD;
}

void events_exited(endpoint_t endpoint)
{
	if (endpoint == listener)
		forget_all();
	else if (listener != NONE)
		add(endpoint, PM_EVENT_EXIT);
}

static struct pm_event take(void)
{
	struct pm_event event = events[first % EVENTS_MAX];
	struct process *process;

	first++;
	count--;
	process = event.what == PM_EVENT_EXEC ? process_by_endpoint(event.endpoint) : NULL;
	if (process)
		process->flags &= ~(uint32_t)PROCESS_EXEC_UNTOLD;
	return event;
}

int do_events(struct process *caller, const struct pm_events_req *request, struct pm_events_rep *reply)
{
	(void)request;
	if (!process_has_privilege(caller, PRIV_EVENTS))
		return -EPERM;
	if (listener == NONE)
		listener = caller->endpoint;
	if (listener != caller->endpoint)
		return -EBUSY;
	while (count > 0 && reply->count < PM_EVENTS_AT_ONCE)
		reply->events[reply->count++] = take();
	return OK;
}
