/* SPDX-License-Identifier: MIT */
/* What PM tells of processes. */
#include <granite/pm.h>

#include "ramfs.h"

static void take(const struct pm_event *event)
{
	switch (event->what) {
	case PM_EVENT_EXEC:
		client_execed(event->endpoint);
		break;
	case PM_EVENT_EXIT:
		client_exited(event->endpoint);
		break;
	default:
		client_forked(event->what, event->endpoint);
	}
}

/* Not kept: a ramfs that begins has no clients whom an event could concern. */
static uint32_t done;

int events_pull(void)
{
	union pm_events_message call;
	int result;

	do {
		call.req = (struct pm_events_req){.done = done};
		result = pm_events_call(&call);
		if (result != OK)
			return result;
		for (uint32_t i = 0; i < call.rep.count; i++)
			take(&call.rep.events[i]);
		done = call.rep.done + call.rep.count;
	} while (call.rep.count == PM_EVENTS_AT_ONCE);
	return OK;
}
