/* SPDX-License-Identifier: MIT */
/* RS_LOOKUP, RS_AWAIT, RS_STATUS, RS_LABEL: what anybody may ask. */
#include <errno.h>
#include <string.h>
#include "rs.h"

/* Processes that are always there. */
static const struct {
	const char *label;
	endpoint_t endpoint;
} core[] = {{"vm", VM_PROC_NR}, {"pm", PM_PROC_NR}, {"rs", RS_PROC_NR}};

#define NR_CORE (sizeof(core) / sizeof(core[0]))

static endpoint_t core_endpoint(const char *label)
{
	for (uint32_t i = 0; i < NR_CORE; i++)
		if (strcmp(label, core[i].label) == 0)
			return core[i].endpoint;
	return NONE;
}

/* NULL: it has none. */
static const char *label_of(endpoint_t endpoint)
{
	const struct service *service = services_by_endpoint(endpoint);

	for (uint32_t i = 0; i < NR_CORE; i++)
		if (core[i].endpoint == endpoint)
			return core[i].label;
	return service ? service->entry->label : NULL;
}

int do_lookup(endpoint_t caller, const struct rs_lookup_req *request, struct rs_lookup_rep *reply)
{
	const struct service *service;

	(void)caller;
	if (!memchr(request->label, '\0', sizeof(request->label)))
		return -EINVAL;
	reply->endpoint = core_endpoint(request->label);
	if (reply->endpoint != NONE)
		return OK;
	service = services_find(request->label);
	if (!service || service->endpoint == NONE)
		return -ESRCH;
	reply->endpoint = service->endpoint;
	return OK;
}

int do_await(endpoint_t caller, const struct rs_await_req *request, struct rs_await_rep *reply)
{
	struct waiter waiter = {
	        .client = caller, .kind = WAITS_AWAIT, .dead = request->dead, .patience = request->nsecs};

	if (!memchr(request->label, '\0', sizeof(request->label)))
		return -EINVAL;
	reply->endpoint = core_endpoint(request->label);
	if (reply->endpoint != NONE)
		return reply->endpoint != request->dead ? OK : -ENODEV;
	waiter.service = services_find(request->label);
	if (!waiter.service)
		return -ESRCH;
	return waiters_add(&waiter, reply);
}

int do_status(endpoint_t caller, const struct rs_status_req *request, struct rs_status_rep *reply)
{
	const struct service *service = services_at(request->index);

	(void)caller;
	if (!service)
		return -ENOENT;
	*reply = (struct rs_status_rep){
	        .since_nsecs = service->since,
	        .until_nsecs = service->state == RS_IS_WAITING ? service->deadline : 0,
	        .pid = service->pid,
	        .restarts = service->restarts,
	        .end = service->end,
	        .state = (uint16_t)service->state,
	        .problem = (uint16_t)service->problem,
	        .error = service->error,
	};
	memcpy(reply->label, service->entry->label, sizeof(reply->label));
	return OK;
}

int do_label(endpoint_t caller, const struct rs_label_req *request, struct rs_label_rep *reply)
{
	const char *label = label_of(request->endpoint);

	(void)caller;
	if (!label)
		return -ESRCH;
	strncpy(reply->label, label, sizeof(reply->label));
	return OK;
}
