/* SPDX-License-Identifier: MIT */
/* Those who wait until the terminal is ready, or for a time. */
#include <errno.h>

#include "console.h"
#include "kept.h"
#include "requests.h"

static struct request_queue pollers;

static void answer(struct request *poll, int result, uint32_t events)
{
	struct console_poll_rep reply = {.events = events};

	request_remove(poll);
	(void)server_reply(poll->caller, result, &reply, sizeof(reply));
}

int poll_begin(endpoint_t caller, uint32_t events, uint64_t limit)
{
	struct request *poll = request_add(&pollers, caller, 0, 0);
	if (!poll)
		return -EBUSY;
	poll->events = events;
	poll->limit = limit;
	terminal_pump();
	return SERVER_NO_REPLY;
}

/* A write waits in the driver until it is done, so there is never a reason not to begin one. */
static uint32_t ready_events(void)
{
	return CONSOLE_POLL_OUT | (line_readable(&kept->line) ? CONSOLE_POLL_IN : 0);
}

void poll_answer_all(void)
{
	uint32_t ready = ready_events();
	uint64_t now = pollers.first ? terminal_now() : 0;
	struct request *next;

	for (struct request *poll = pollers.first; poll; poll = next) {
		next = poll->next;
		if (poll->events & ready || poll->limit <= now)
			answer(poll, OK, poll->events & ready);
	}
}

uint64_t poll_limit(void)
{
	uint64_t limit = CONSOLE_NO_LIMIT;

	for (const struct request *poll = pollers.first; poll; poll = poll->next)
		limit = poll->limit < limit ? poll->limit : limit;
	return limit == CONSOLE_NO_LIMIT ? 0 : limit;
}

int poll_cancel(endpoint_t caller)
{
	struct request *request = request_find(caller);

	if (!request || request->queue != &pollers)
		return 0;
	answer(request, -EINTR, 0);
	return 1;
}
