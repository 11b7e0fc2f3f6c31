/* SPDX-License-Identifier: MIT */
/*
 * What PM tells of processes. What an event changes is committed with its number, and PM tells the rest again
 * to the next ramfs: so each event is taken once.
 */
#include <errno.h>
#include <granite/pm.h>

#include "kept.h"
#include "ramfs.h"

/*
 * Without the events in between ramfs knows neither who has which descriptors nor whether a pipe has writers
 * yet. So it gives up all, and is another server to its clients: better lost than wrong.
 */
static int lose(endpoint_t self, uint32_t done)
{
	kept_begin_anew(self);
	journal_store(&kept->events_done, done);
	return -ERANGE;
}

int events_pull(endpoint_t self)
{
	union pm_events_message call;
	int result;

	do {
		call.req = (struct pm_events_req){.done = kept->events_done};
		result = pm_events_call(&call);
		if (result != OK)
			return result;
		if (call.rep.lost)
			return lose(self, call.rep.done);
		for (uint32_t i = 0; i < call.rep.count; i++)
			event_take(&call.rep.events[i]);
	} while (call.rep.count == PM_EVENTS_AT_ONCE);
	return OK;
}
