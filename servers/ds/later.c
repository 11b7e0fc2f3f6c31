/* SPDX-License-Identifier: MIT */
/*
 * What takes longer than others can wait goes on between requests, in parts: at once, if nothing else is
 * under way, and then whenever the clock says so. Meanwhile everybody is answered, but for those of whom
 * something is unfinished: their requests are held until it is done. Of that nothing is kept. A successor
 * finds in the store what is unfinished, and clients make their requests again.
 */
#include <errno.h>
#include <string.h>

#include "ds.h"
#include "ranges.h"

#define PAUSE 1000000 /* nanoseconds: so long at least others run that are less urgent than DS */
#define REQUEST_WORK \
	256 /* of one that was held, besides what the store counts: copying, listing, an answer */

/* In the order in which they have come; the place is that of the caller's slot. */
static struct held {
	struct held *next;
	int is_held;
	struct message request; /* m_source: whose */
} held[ENDPOINT_SLOTS], *first;

static int is_set;      /* the clock will say so */
static int is_going_on; /* within go_on() */

int later_is_busy;

/* ---- Requests that wait ---- */

/* RS waits for nobody. While owners are looked at, what the dead had may still be found by anybody. */
int later_must_wait(endpoint_t caller)
{
	const struct store_caller who = request_caller(caller);

	return !who.is_rs &&
	       (owners_are_looked_at() || store_must_wait(store, &who.owner) || ranges_must_wait(caller));
}

/* Who does not wait for an answer may ask again: that replaces what it has asked before. */
int later_hold(endpoint_t caller, int32_t operation, const void *request)
{
	struct held *its = &held[ENDPOINT_SLOT(caller)], **end = &first;

	its->request.m_source = caller;
	its->request.m_type = operation;
	memcpy(its->request.m_bytes, request, MESSAGE_PAYLOAD);
	if (its->is_held)
		return SERVER_NO_REPLY;
	while (*end)
		end = &(*end)->next;
	its->is_held = 1;
	its->next = NULL;
	*end = its;
	return SERVER_NO_REPLY;
}

static void take_out(struct held **link)
{
	(*link)->is_held = 0;
	*link = (*link)->next;
}

void later_forget(endpoint_t caller)
{
	for (struct held **link = &first; *link; link = &(*link)->next)
		if ((*link)->request.m_source == caller) {
			take_out(link);
			return;
		}
}

static void serve(const struct message *request)
{
	struct message reply;
	int result;

	memset(&reply, 0, sizeof(reply));
	result = ds_serve(request->m_source, request->m_type, request->m_bytes, reply.m_bytes);
	if (result != SERVER_NO_REPLY)
		GRANITE_IGNORE(peer_answer(request->m_source, result, reply.m_bytes,
		                           MESSAGE_PAYLOAD)); /* it may have died */
}

/* As many as may be served, one at least, and not much longer than one part takes. */
static void serve_held(void)
{
	uint32_t end = store_work(store) + STORE_WORK;

	for (struct held **link = &first; *link && store_work(store) < end;) {
		struct held *its = *link;

		if (later_must_wait(its->request.m_source)) {
			link = &its->next;
			continue;
		}
		take_out(link);
		serve(&its->request);
		end -= REQUEST_WORK;
	}
}

/* ---- Going on ---- */

void later_begin(void)
{
	while (first)
		take_out(&first);
	is_set = 0;
	is_going_on = 0;
	later_is_busy = 0;
}

static int is_more(void)
{
	return owners_are_looked_at() || ranges_are_looked_at() || store_is_unfinished(store) ||
	       first != NULL;
}

/* One part. The requests served then may begin something, too, which has its own turn. */
static void go_on(void)
{
	is_going_on = 1;
	owners_go_on();
	if (!owners_are_looked_at()) /* what the dead had ends with them */
		ranges_go_on();
	store_go_on(store, STORE_WORK);
	ranges_release();
	wake_all();
	serve_held();
	is_going_on = 0;
}

void later_go_on(void)
{
	if (is_set || is_going_on)
		return;
	if (is_more())
		go_on();
	later_is_busy = is_more();
	is_set = later_is_busy && peer_set_alarm(PAUSE);
}

void later_alarm(void)
{
	is_set = 0;
	later_go_on();
}
