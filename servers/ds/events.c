/* SPDX-License-Identifier: MIT */
/* What PM tells of processes. */
#include <granite/pm.h>

#include "ds.h"
#include "ranges.h"

static void take(const struct pm_event *event)
{
	if (event->what == PM_EVENT_EXIT)
		owner_exited(event->endpoint);
	else if (event->what == PM_EVENT_EXEC)
		ranges_execed(event->endpoint);
}

int events_pull(void)
{
	union pm_events_message call;
	int result;

	do {
		result = pm_events_call(&call);
		if (result != OK)
			return result;
		for (uint32_t i = 0; i < call.rep.count; i++)
			take(&call.rep.events[i]);
		if (call.rep.lost)
			owners_check();
	} while (call.rep.count == PM_EVENTS_AT_ONCE);
	return OK;
}
