/* SPDX-License-Identifier: MIT */
/*
 * What listeners, the file server and the data store, must know of processes: who was forked from whom, who
 * has called exec, who has ended. PM keeps it in order, for each of them, and notifies it; the listener asks
 * (PM_EVENTS) before it takes the next request, because notifications come first. So it knows of a fork
 * before the child's first call, and of an exec before the new program's. For a fork alone, of which nobody
 * can see anything before such a call, it is not woken.
 *
 * What was told stays until the listener says that it is done with it, so that a successor is told it again.
 *
 * There is always room: when a listener's are too many, those that it has not been told are made few, which
 * come to the same (condense.h). One that is slow, or hangs, makes no other process wait.
 *
 *              first asks               dies, with kept memory
 *     FREE -------------> HERE ------------------------------------> AWAITED
 *      ^                   |  ^                                        |
 *      `-------------------'  `----------------------------------------'
 *        dies, without           the next of its privilege set asks
 */
#include <assert.h>
#include <errno.h>
#include "condense.h"
#include "pm.h"

#define EVENTS_MAX 8192 /* a power of two, for numbers begin anew after 2^32 */

enum listener_state { LISTENER_FREE, LISTENER_HERE, LISTENER_AWAITED };

static struct listener {
	enum listener_state state;
	endpoint_t endpoint; /* NONE unless it is here */
	uint32_t set;        /* its privilege set: by that its successor is known */
	int keeps;           /* has kept memory: if it dies a successor is awaited */
	uint32_t done;       /* the number of the last event that was dropped */
	uint32_t told;       /* so many of those that follow it has been told, and may be done with */
	uint32_t count;      /* so many follow; number n is at events[n % EVENTS_MAX] */
	struct pm_event events[EVENTS_MAX];
} listeners[EVENTS_LISTENERS];

/* Else each event would make it condense again. */
_Static_assert(CONDENSED_MAX + PM_EVENTS_AT_ONCE <= EVENTS_MAX - 1000, "there is room afterwards");

static void forget_all(struct listener *listener)
{
	listener->done += listener->count;
	listener->told = listener->count = 0;
}

static void make_room(struct listener *listener)
{
	uint32_t told = listener->told;

	if (listener->count == EVENTS_MAX)
		listener->count = told + condense_events(listener->events, EVENTS_MAX, listener->done + told,
		                                         listener->count - told);
}

static void add(struct listener *listener, endpoint_t endpoint, endpoint_t what)
{
	make_room(listener);
	listener->count++;
	listener->events[(listener->done + listener->count) % EVENTS_MAX] =
	        (struct pm_event){.endpoint = endpoint, .what = what};
	if (listener->state != LISTENER_HERE)
		return;
	if (what < 0) /* an end, or an exec, which closes descriptors */
		peer_notify(listener->endpoint);
	else
		peer_notify_later(listener->endpoint);
}

static void add_for_all(endpoint_t endpoint, endpoint_t what)
{
	for (struct listener *l = listeners; l < listeners + EVENTS_LISTENERS; l++)
		if (l->state != LISTENER_FREE)
			add(l, endpoint, what);
}

void events_forked(const struct process *parent, const struct process *child)
{
	add_for_all(child->endpoint, parent->endpoint);
}

void events_execed(const struct process *process)
{
	add_for_all(process->endpoint, PM_EVENT_EXEC);
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

/* Whether it may listen is asked once: it is what it is for as long as it lives. */
static int admit(struct process *caller, uint32_t done, struct listener **listener)
{
	struct proc_info info;

	if (!process_kernel_info(caller, &info) || !(info.priv_flags & PRIV_EVENTS))
		return -EPERM;
	*listener = place_for(&info, done);
	if (!*listener)
		return -EBUSY;
	(*listener)->state = LISTENER_HERE;
	(*listener)->endpoint = info.endpoint;
	(*listener)->set = info.priv_id;
	(*listener)->keeps = (info.priv_flags & PRIV_KEEP) != 0;
	return OK;
}

/* Drops what it is done with. It can't be done with what it has not been told, nor without what it was done
 * with before. */
static int drop(struct listener *listener, uint32_t done)
{
	uint32_t events = done - listener->done;

	if (events > listener->told)
		return -ERANGE;
	listener->done = done;
	listener->told -= events;
	listener->count -= events;
	return OK;
}

static void tell(struct listener *listener, struct pm_events_rep *reply)
{
	while (reply->count < listener->count && reply->count < PM_EVENTS_AT_ONCE) {
		reply->count++;
		reply->events[reply->count - 1] =
		        listener->events[(listener->done + reply->count) % EVENTS_MAX];
	}
	if (listener->told < reply->count)
		listener->told = reply->count;
}

int do_events(struct process *caller, const struct pm_events_req *request, struct pm_events_rep *reply)
{
	struct listener *listener = find(LISTENER_HERE, caller->endpoint, NR_PRIVS);
	int result = listener ? OK : admit(caller, request->done, &listener);

	if (result != OK)
		return result;
	reply->lost = drop(listener, request->done) != OK;
	reply->done = listener->done;
	tell(listener, reply);
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
