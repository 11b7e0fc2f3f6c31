/* SPDX-License-Identifier: MIT */
/*
 * Clients whose answer comes later. A process waits for one answer at most, so each slot of the process table
 * has a place here: there is always room, and who has died leaves nothing behind that its slot's next owner
 * does not take over.
 */
#include <errno.h>
#include <string.h>
#include "rs.h"

static struct place {
	struct waiter waiter;
	uint64_t deadline;
	struct place *next, *previous; /* of those that wait */
	int is_waiting;
} places[ENDPOINT_SLOTS];

static struct place *first_place;

static void take_out(struct place *place)
{
	if (!place->is_waiting)
		return;
	place->is_waiting = 0;
	if (place->previous)
		place->previous->next = place->next;
	else
		first_place = place->next;
	if (place->next)
		place->next->previous = place->previous;
}

static uint64_t deadline_after(uint64_t nsecs)
{
	uint64_t now = nsecs == NEVER ? 0 : process_now();

	return nsecs < NEVER - now ? now + nsecs : NEVER;
}

static void put_in(struct place *place, const struct waiter *waiter)
{
	take_out(place);
	*place = (struct place){.waiter = *waiter,
	                        .deadline = deadline_after(waiter->patience),
	                        .next = first_place,
	                        .is_waiting = 1};
	if (first_place)
		first_place->previous = place;
	first_place = place;
}

/* ---- What there is to say ---- */

/* Until then the result is this. */
#define NOT_YET (-EINPROGRESS)

static int up_result(const struct service *service)
{
	switch (service->state) {
	case RS_IS_RUNNING:
		return OK;
	case RS_IS_STOPPING:
		return NOT_YET;
	case RS_IS_WAITING:
		return -EAGAIN;
	case RS_IS_DOWN:
		return -ECANCELED;
	default:
		return -ENOEXEC;
	}
}

static int await_result(const struct waiter *waiter)
{
	const struct service *service = waiter->service;

	switch (service->state) {
	case RS_IS_RUNNING:
		return service->endpoint != NONE && service->endpoint != waiter->dead ? OK : NOT_YET;
	case RS_IS_STOPPING:
	case RS_IS_WAITING:
		return NOT_YET;
	default:
		return -ENODEV;
	}
}

/* What runs now, or will by itself, somebody has had started since the client asked: his word was the last.
 */
static int down_result(const struct service *service)
{
	switch (service->state) {
	case RS_IS_STOPPING:
		return NOT_YET;
	case RS_IS_RUNNING:
	case RS_IS_WAITING:
		return -ECANCELED;
	default:
		return OK;
	}
}

static int result_for(const struct waiter *waiter)
{
	switch (waiter->kind) {
	case WAITS_AWAIT:
		return await_result(waiter);
	case WAITS_UP:
		return up_result(waiter->service);
	default:
		return down_result(waiter->service);
	}
}

static struct rs_outcome outcome_of(const struct waiter *waiter)
{
	const struct service *service = waiter->service;

	return (struct rs_outcome){
	        .pid = service->pid,
	        .was = waiter->was,
	        .end = service->end,
	        .problem = service->problem,
	        .error = service->error,
	};
}

/* The three operations of control have replies of one form. */
_Static_assert(sizeof(struct rs_up_rep) == sizeof(struct rs_outcome), "a reply is an outcome");
_Static_assert(sizeof(struct rs_down_rep) == sizeof(struct rs_outcome), "a reply is an outcome");
_Static_assert(sizeof(struct rs_restart_rep) == sizeof(struct rs_outcome), "a reply is an outcome");

/* Returns its length. */
static size_t fill_reply(const struct waiter *waiter, void *reply)
{
	const struct rs_await_rep found = {.endpoint = waiter->service->endpoint};
	const struct rs_outcome outcome = outcome_of(waiter);

	if (waiter->kind == WAITS_AWAIT) {
		memcpy(reply, &found, sizeof(found));
		return sizeof(found);
	}
	memcpy(reply, &outcome, sizeof(outcome));
	return sizeof(outcome);
}

/* The client may have died, or not wait any more. */
static void answer(struct place *place, int result)
{
	uint8_t reply[MESSAGE_PAYLOAD];
	size_t bytes = fill_reply(&place->waiter, reply);

	take_out(place);
	server_reply(place->waiter.client, result, reply, bytes);
}

/* ---- Waiting ---- */

int waiters_add(const struct waiter *waiter, void *reply)
{
	struct place *place = &places[ENDPOINT_SLOT(waiter->client)];
	int result = result_for(waiter);

	take_out(place);
	if (result == NOT_YET) {
		put_in(place, waiter);
		timers_update();
		return SERVER_NO_REPLY;
	}
	fill_reply(waiter, reply);
	return result;
}

void waiters_cancel(endpoint_t client)
{
	struct place *place = client >= 0 ? &places[ENDPOINT_SLOT(client)] : NULL;

	if (place && place->is_waiting && place->waiter.client == client)
		answer(place, -EINTR);
}

void waiters_settled(const struct service *service)
{
	struct place *place, *next;

	for (place = first_place; place; place = next) {
		int result = place->waiter.service == service ? result_for(&place->waiter) : NOT_YET;

		next = place->next;
		if (result != NOT_YET)
			answer(place, result);
	}
}

void waiters_expire(uint64_t now)
{
	struct place *place, *next;

	for (place = first_place; place; place = next) {
		next = place->next;
		if (place->deadline <= now)
			answer(place, -ETIMEDOUT);
	}
}

uint64_t waiters_deadline(void)
{
	uint64_t first = NEVER;

	for (const struct place *place = first_place; place; place = place->next)
		if (place->deadline < first)
			first = place->deadline;
	return first;
}
