/* SPDX-License-Identifier: MIT */
/*
 * What listeners, the file server and the data store, must know of processes: who was forked from whom, who
 * has called exec, who has ended. PM keeps it in order, for each of them, and notifies it; the listener asks
 * (PM_EVENTS) before it takes the next request, because notifications come first. So it knows of a fork
 * before the child's first call, and of an exec before the new program's.
 *
 * What was told stays until the listener says that it is done with it, so that a successor is told it again.
 *
 * There is always room: a fork is refused where its event, or an exec and an exit of each process alive,
 * would not fit any more. One that is slow makes no other process wait.
 *
 *              first asks               dies, with kept memory
 *     FREE -------------> HERE ------------------------------------> AWAITED
 *      ^                   |  ^                                        |
 *      `-------------------'  `----------------------------------------'
 *        dies, without           the next of its privilege set asks
 *
 * For a successor that is awaited the events go on being kept, but nobody's fork is refused for its sake: if
 * they become too many they are dropped, and it is told that some were lost, for it asks with a number from
 * before them.
 */
#include <assert.h>
#include <errno.h>
#include "pm.h"

#define EVENTS_MAX (4 * PROCESSES_MAX)
/* An exec and an exit of everybody fit still, also if execs that come again have been told, but are not done.
 */
#define EVENTS_FULL (EVENTS_MAX - 2 * PROCESSES_MAX - PM_EVENTS_AT_ONCE)

enum listener_state { LISTENER_FREE, LISTENER_HERE, LISTENER_AWAITED };

static struct listener {
	enum listener_state state;
	endpoint_t endpoint; /* NONE unless it is here */
	uint32_t set;        /* its privilege set: by that its successor is known */
	int keeps;           /* has kept memory: if it dies a successor is awaited */
	uint32_t done;       /* the number of the last event that was dropped */
	uint32_t count;      /* of those that follow; number n is at events[n % EVENTS_MAX] */
	struct pm_event events[EVENTS_MAX];
} listeners[EVENTS_LISTENERS];

/* Says of a process that the listener has yet to ask about its exec. */
static uint32_t untold(const struct listener *listener)
{
	return PROCESS_EXEC_UNTOLD << (listener - listeners);
}

static void forget_all(struct listener *listener)
{
	listener->done += listener->count;
	listener->count = 0;
	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
		p->flags &= ~untold(listener);
}

int events_full(void)
{
	for (const struct listener *l = listeners; l < listeners + EVENTS_LISTENERS; l++)
		if (l->state == LISTENER_HERE && l->count >= EVENTS_FULL)
			return 1;
	return 0;
}

/* Whether the listener is to be told of what happens now. */
static int wants(struct listener *listener)
{
	if (listener->state == LISTENER_AWAITED && listener->count >= EVENTS_FULL)
		forget_all(listener);
	return listener->state != LISTENER_FREE;
}

static void add(struct listener *listener, endpoint_t endpoint, endpoint_t what)
{
	uint32_t number = listener->done + ++listener->count;

	assert(listener->count <= EVENTS_MAX);
	listener->events[number % EVENTS_MAX] = (struct pm_event){.endpoint = endpoint, .what = what};
	if (listener->state == LISTENER_HERE)
		peer_notify(listener->endpoint);
}

static void add_for_all(endpoint_t endpoint, endpoint_t what)
{
	for (struct listener *l = listeners; l < listeners + EVENTS_LISTENERS; l++)
		if (wants(l))
			add(l, endpoint, what);
}

void events_forked(const struct process *parent, const struct process *child)
{
	add_for_all(child->endpoint, parent->endpoint);
}

/* One stands for all that follow it: in between nothing was asked of the listener, or it would know by now.
 */
void events_execed(struct process *process)
{
	for (struct listener *l = listeners; l < listeners + EVENTS_LISTENERS; l++)
		if (!(process->flags & untold(l)) && wants(l)) {
			process->flags |= untold(l);
			add(l, process->endpoint, PM_EVENT_EXEC);
		}
}

static void leave(struct listener *listener)
{
	listener->endpoint = NONE;
	listener->state = listener->keeps ? LISTENER_AWAITED : LISTENER_FREE;
	if (!listener->keeps)
		forget_all(listener);
}

static struct listener *find(enum listener_state state, endpoint_t endpoint, uint32_t set)
{
	for (struct listener *l = listeners; l < listeners + EVENTS_LISTENERS; l++)
		if (l->state == state && l->endpoint == endpoint && (set == NR_PRIVS || l->set == set))
			return l;
	return NULL;
}

void events_exited(endpoint_t endpoint)
{
	struct listener *listener = find(LISTENER_HERE, endpoint, NR_PRIVS);

	if (listener)
		leave(listener);
	add_for_all(endpoint, PM_EVENT_EXIT);
}

/* ---- Asking ---- */

/* An exec from now on is another. */
static struct pm_event tell(const struct listener *listener, uint32_t number)
{
	struct pm_event event = listener->events[number % EVENTS_MAX];
	struct process *process;

	process = event.what == PM_EVENT_EXEC ? process_by_endpoint(event.endpoint) : NULL;
	if (process)
		process->flags &= ~untold(listener);
	return event;
}

/* The place of a dead one whose successor this is, or a free one. NULL: there is none. */
static struct listener *place_for(const struct proc_info *info, uint32_t done)
{
	struct listener *listener = find(LISTENER_AWAITED, NONE, info->priv_id);

	if (listener)
		return listener;
	listener = find(LISTENER_FREE, NONE, NR_PRIVS);
	if (listener)
		listener->done = done;
	return listener;
}

static struct listener *admit(const struct proc_info *info, uint32_t done)
{
	struct listener *listener = place_for(info, done);

	if (!listener)
		return NULL;
	listener->state = LISTENER_HERE;
	listener->endpoint = info->endpoint;
	listener->set = info->priv_id;
	listener->keeps = (info->priv_flags & PRIV_KEEP) != 0;
	return listener;
}

/* Drops what it is done with. It can't be done with what has not come yet, nor without what it has not had.
 */
static int drop(struct listener *listener, uint32_t done)
{
	uint32_t events = done - listener->done;

	if (events > listener->count)
		return -ERANGE;
	listener->done = done;
	listener->count -= events;
	return OK;
}

int do_events(struct process *caller, const struct pm_events_req *request, struct pm_events_rep *reply)
{
	struct listener *listener = find(LISTENER_HERE, caller->endpoint, NR_PRIVS);
	struct proc_info info;

	if (!process_kernel_info(caller, &info) || !(info.priv_flags & PRIV_EVENTS))
		return -EPERM;
	if (!listener)
		listener = admit(&info, request->done);
	if (!listener)
		return -EBUSY;
	reply->lost = drop(listener, request->done) != OK;
	reply->done = listener->done;
	while (reply->count < listener->count && reply->count < PM_EVENTS_AT_ONCE) {
		uint32_t number = reply->done + reply->count + 1;

		reply->events[reply->count++] = tell(listener, number);
	}
	return OK;
}

void events_init(void)
{
	for (struct listener *l = listeners; l < listeners + EVENTS_LISTENERS; l++) {
		l->state = LISTENER_FREE;
		l->endpoint = NONE;
		forget_all(l);
	}
}
