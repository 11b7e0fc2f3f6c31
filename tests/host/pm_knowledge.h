/* SPDX-License-Identifier: MIT */
/*
 * What a listener makes of PM's events. Like the file server it knows of each process a number, which a fork
 * hands on and an exec changes: always in the same way, as closing what is marked so does. It has one place
 * for each slot, which must be free when somebody comes. Of one that stems from nobody it knows it knows
 * nothing.
 */
#ifndef PM_KNOWLEDGE_H
#define PM_KNOWLEDGE_H

#include <stdint.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/pm.h>

#define UNKNOWN  0
#define EXEC_BIT 0x80000000u

struct knowledge {
	uint32_t of[ENDPOINT_SLOTS];
	endpoint_t endpoints[ENDPOINT_SLOTS];
};

static inline uint32_t knowledge_of(const struct knowledge *all, endpoint_t endpoint)
{
	int slot = ENDPOINT_SLOT(endpoint);

	return all->endpoints[slot] == endpoint ? all->of[slot] : UNKNOWN;
}

static inline void knowledge_set(struct knowledge *all, endpoint_t endpoint, uint32_t what)
{
	all->endpoints[ENDPOINT_SLOT(endpoint)] = endpoint;
	all->of[ENDPOINT_SLOT(endpoint)] = what;
}

static inline void knowledge_add(struct knowledge *all, endpoint_t endpoint, uint32_t what)
{
	assert_int_equal(all->of[ENDPOINT_SLOT(endpoint)], UNKNOWN);
	knowledge_set(all, endpoint, what);
}

static inline void knowledge_take(struct knowledge *all, const struct pm_event *event)
{
	if (event->what == PM_EVENT_EXIT)
		knowledge_set(all, event->endpoint, UNKNOWN);
	else if (event->what != PM_EVENT_EXEC)
		knowledge_add(all, event->endpoint, knowledge_of(all, event->what));
	else if (knowledge_of(all, event->endpoint) != UNKNOWN)
		knowledge_set(all, event->endpoint, knowledge_of(all, event->endpoint) | EXEC_BIT);
}

#endif
