/* SPDX-License-Identifier: MIT */
/*
 * How a request, or what PM tells, is carried out: what it changes and its answer are committed at one
 * stroke; then the pipes are served that it has changed, and then it is answered. Killed before the commit
 * nothing has happened, and the caller sends the request to the successor; killed after it, the successor has
 * the answer.
 *
 * What has changed nothing is not remembered: it comes out the same, and does no harm, when it is done again.
 */
#include "kept.h"
#include "ramfs.h"

uint64_t request_serial;

/* A process that asks again has given up what it was waiting for. */
static int begin(endpoint_t caller, const void *request)
{
	struct client *client = client_find(caller);

	if (client)
		wait_give_up(client);
	request_serial = once_serial(request);
	return once_try(&kept->trial, caller, request_serial);
}

static int end(endpoint_t caller, int result, const void *reply, size_t bytes)
{
	struct client *client = client_find(caller);

	if (client && result != SERVER_NO_REPLY && journal_is_open(&journal))
		once_answer(&journal, &client->once, request_serial, result, reply, bytes);
	kept_commit();
	pipes_serve();
	if (client)
		wait_settle(client);
	once_survived(&kept->trial);
	return result;
}

/* The replies that are longer are those of requests that change nothing. */
static size_t remembered(size_t bytes)
{
	const size_t most = ONCE_REPLY_WORDS * sizeof(uint32_t);

	return bytes < most ? bytes : most;
}

#define OP(number, NAME, name)                                                                    \
	static int serve_##name(endpoint_t caller, const void *request, void *reply)              \
	{                                                                                         \
		int result = begin(caller, request);                                              \
                                                                                                  \
		if (result != OK)                                                                 \
			return result;                                                            \
		result = do_##name(caller, request, reply);                                       \
		return end(caller, result, reply, remembered(sizeof(struct ramfs_##name##_rep))); \
	}
#include <granite/abi/ops/ramfs.def>
#undef OP

static const struct server_op calls[] = {
#define OP(number, NAME, name) SERVER_ENTRY(RAMFS_BASE, NAME, name)
#include <granite/abi/ops/ramfs.def>
#undef OP
};

const struct server_table ramfs_calls = SERVER_TABLE(RAMFS_BASE, calls);

void event_take(const struct pm_event *event)
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
	journal_set(&journal, &kept->events_done, kept->events_done + 1);
	kept_commit();
	pipes_serve();
}
