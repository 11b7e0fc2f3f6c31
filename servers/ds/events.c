/* SPDX-License-Identifier: MIT */
/*
 * What PM tells of processes. How far that is done is kept: an event may be taken again by a successor, but
 * only before any request that came after it.
 */
#include <granite/pm.h>

#include "ds.h"
#include "kept.h"
#include "ranges.h"

static void take(const struct pm_event *event)
{
	if (event->what == PM_EVENT_EXIT)
		owner_exited(event->endpoint);
	else if (event->what == PM_EVENT_EXEC)
		ranges_execed(event->endpoint);
	kept_in_order();
	kept->events_done++;
}

int events_pull(void)
{
	union pm_events_message call;
	int result;

	do {
		call.req = (struct pm_events_req){.done = kept->events_done};
		result = pm_events_call(&call);
		if (result != OK)
			return result;
		if (call.rep.lost) {
			owners_check();
			ranges_check();
		}
		kept->events_done = call.rep.done;
		for (uint32_t i = 0; i < call.rep.count; i++)
			take(&call.rep.events[i]);
	} while (call.rep.count == PM_EVENTS_AT_ONCE);
	return OK;
}
