/* SPDX-License-Identifier: MIT */
/*
 * See condense.h. What a listener knows of a process changes by events alone while it asks for nothing. So
 * of each process that lives in the end it need only be told which one that it knows already it stems from,
 * by however many forks, and whether any of them has called exec on the way:
 *
 *     a forks b, b calls exec, b forks c, b exits, a calls exec
 *     a forks c, c calls exec, a calls exec
 *
 * All forks come first, from what was known before, and the execs last. An exit comes after the forks from
 * that process, and before the fork of the one that has its slot now, for a listener may go by slots. Where
 * that is a circle, as when a process has its grandparent's slot, a process that never was stands in:
 *
 *     a forks b, a exits, b forks c into a's slot, b exits
 *     a forks x, a exits, x forks c, x exits
 */
#include "condense.h"

#include <string.h>

/* In VM's slot, which nobody else ever has. */
#define STAND_IN ENDPOINT_MAKE(ENDPOINT_SLOT(VM_PROC_NR), ENDPOINT_GENERATION(VM_PROC_NR) + 1)

/* By slots. 0 is no process's endpoint. */
static struct slot {
	endpoint_t endpoint; /* the process there, if the events tell of it and it has not exited */
	endpoint_t origin;   /* which it stems from; itself if it was known before */
	int execed;
	int untold;       /* its fork is to be told yet */
	endpoint_t gone;  /* known before, and has exited, which is to be told yet */
	uint32_t untolds; /* of those that stem from whom was known in this slot */
} slots[ENDPOINT_SLOTS];

static struct {
	struct pm_event *events;
	uint32_t size, last; /* number `last` has been written */
} ring;

static struct slot *slot_of(endpoint_t endpoint)
{
	return &slots[ENDPOINT_SLOT(endpoint)];
}

/* ---- What has happened ---- */

static void set_life(endpoint_t endpoint, endpoint_t origin, int execed)
{
	struct slot *slot = slot_of(endpoint);

	slot->endpoint = endpoint;
	slot->origin = origin;
	slot->execed = execed;
}

static void take(endpoint_t endpoint, endpoint_t what)
{
	struct slot *slot = slot_of(what >= 0 ? what : endpoint);

	if (what >= 0 && slot->endpoint == what)
		set_life(endpoint, slot->origin, slot->execed);
	else if (what >= 0)
		set_life(endpoint, what, 0);
	else if (what == PM_EVENT_EXEC)
		set_life(endpoint, slot->endpoint == endpoint ? slot->origin : endpoint, 1);
	else if (slot->endpoint == endpoint && slot->origin != endpoint)
		slot->endpoint = 0;
	else
		*slot = (struct slot){.gone = endpoint};
}

static void take_all(uint32_t after, uint32_t count)
{
	memset(slots, 0, sizeof(slots));
	for (uint32_t number = after + 1; number != after + 1 + count; number++) {
		struct pm_event event = ring.events[number % ring.size];

		take(event.endpoint, event.what);
	}
}

/* ---- What is told ---- */

static void tell(endpoint_t endpoint, endpoint_t what)
{
	ring.events[++ring.last % ring.size] = (struct pm_event){.endpoint = endpoint, .what = what};
}

static void tell_exit(struct slot *slot)
{
	if (slot->gone)
		tell(slot->gone, PM_EVENT_EXIT);
	slot->gone = 0;
}

static int may_be_told(const struct slot *slot)
{
	return slot->untold && (!slot->gone || slot->untolds == 0);
}

/* And of those that were waiting for its slot's owner to be told of. */
static void tell_forks(struct slot *slot)
{
	while (may_be_told(slot)) {
		tell_exit(slot);
		tell(slot->endpoint, slot->origin);
		slot->untold = 0;
		slot = slot_of(slot->origin);
		slot->untolds--;
	}
}

/* Each waits for the next one's slot: the one before it, which stems from whom was known in this slot. */
static struct slot *before_in_circle(struct slot *slot)
{
	struct slot *before = slot;

	while (slot_of(before->origin) != slot)
		before = slot_of(before->origin);
	return before;
}

static void open_circle(struct slot *slot)
{
	struct slot *before = before_in_circle(slot);

	tell(STAND_IN, slot->gone);
	before->origin = STAND_IN;
	slot->untolds--;
	slot_of(STAND_IN)->untolds++;
	tell_forks(slot);
	tell(STAND_IN, PM_EVENT_EXIT);
}

static void count_forks(void)
{
	for (struct slot *slot = slots; slot < slots + ENDPOINT_SLOTS; slot++) {
		slot->untold = slot->endpoint && slot->origin != slot->endpoint;
		if (slot->untold)
			slot_of(slot->origin)->untolds++;
	}
}

static void tell_all(void)
{
	count_forks();
	for (struct slot *slot = slots; slot < slots + ENDPOINT_SLOTS; slot++)
		tell_forks(slot);
	for (struct slot *slot = slots; slot < slots + ENDPOINT_SLOTS; slot++)
		if (slot->untold)
			open_circle(slot);
	for (struct slot *slot = slots; slot < slots + ENDPOINT_SLOTS; slot++) {
		tell_exit(slot);
		if (slot->endpoint && slot->execed)
			tell(slot->endpoint, PM_EVENT_EXEC);
	}
}

uint32_t condense_events(struct pm_event *events, uint32_t size, uint32_t after, uint32_t count)
{
	ring.events = events;
	ring.size = size;
	ring.last = after;
	take_all(after, count);
	tell_all();
	return ring.last - after;
}
