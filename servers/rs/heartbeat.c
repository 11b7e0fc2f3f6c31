/* SPDX-License-Identifier: MIT */
/*
 * Heartbeats: RS notifies a service once a period, and hears of it if it still takes messages.
 *
 *     RS       ask      ask      ask               kill
 *     service    answer   answer    (it hangs)
 *              |period |period |period |period |
 */
#include <signal.h>
#include "rs.h"

#define MISSES_MAX 2 /* so many questions in a row may go unanswered */

static uint64_t period(const struct service *service)
{
	return (uint64_t)service->entry->heartbeat_msecs * 1000000;
}

void heartbeat_begin(struct service *service, uint64_t now)
{
	service->unanswered = 0;
	service->deadline = period(service) ? now + period(service) : NEVER;
}

/* Anybody may notify RS: it means something from services alone. */
void heartbeat_heard(endpoint_t endpoint)
{
	struct service *service = services_by_endpoint(endpoint);

	if (service)
		service->unanswered = 0;
}

void heartbeat_due(struct service *service, uint64_t now)
{
	if (service->unanswered == MISSES_MAX) {
		rs_log("%s does not answer: %u heartbeats of %u ms missed", service->entry->label,
		       service->unanswered, service->entry->heartbeat_msecs);
		services_end(service, STOP_UNHEARD);
		return;
	}
	service->unanswered++;
	service->deadline = now + period(service);
	process_ask(service->endpoint);
}
