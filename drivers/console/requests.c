/* SPDX-License-Identifier: MIT */
/* Requests that wait: see requests.h. */
#include <stddef.h>

#include "requests.h"

static struct request requests[ENDPOINT_SLOTS];

struct request *request_find(endpoint_t caller)
{
	struct request *request = &requests[ENDPOINT_SLOT(caller)];

	return request->queue && request->caller == caller ? request : NULL;
}

void request_remove(struct request *request)
{
	struct request **link = &request->queue->first;

	while (*link != request)
		link = &(*link)->next;
	*link = request->next;
	request->queue = NULL;
}

/* If the place is taken by an earlier owner of the caller's slot, that process is dead. */
struct request *request_add(struct request_queue *queue, endpoint_t caller, cp_grant_id_t grant,
                            uint32_t bytes)
{
	struct request *request = &requests[ENDPOINT_SLOT(caller)];

	if (request->queue && request->caller == caller)
		return NULL;
	if (request->queue)
		request_remove(request);
	*request = (struct request){.caller = caller, .grant = grant, .bytes = bytes, .queue = queue};
	struct request **link = &queue->first;
	while (*link)
		link = &(*link)->next;
	*link = request;
	return request;
}
