/* SPDX-License-Identifier: MIT */
/* RS_UP, RS_DOWN, RS_RESTART, for those who may control services; RS_NOT_EXECUTED, for services themselves.
 */
#include <errno.h>
#include <string.h>
#include "rs.h"

static int is_core(const char *label)
{
	return strcmp(label, "vm") == 0 || strcmp(label, "pm") == 0 || strcmp(label, "rs") == 0;
}

/* OK: the caller may control *service. */
static int find(endpoint_t caller, const char label[PROC_NAME_MAX], struct service **service)
{
	if (!process_has_privilege(caller, PRIV_CONTROL))
		return -EPERM;
	if (!memchr(label, '\0', PROC_NAME_MAX))
		return -EINVAL;
	if (is_core(label))
		return -EACCES;
	*service = services_find(label);
	return *service ? OK : -ESRCH;
}

/* Ends it; `reason` says what follows. 0: it has no process. */
static int end(struct service *service, enum stop_reason reason)
{
	if (service->state != RS_IS_RUNNING && service->state != RS_IS_STOPPING)
		return 0;
	services_end(service, reason);
	return 1;
}

static void bring_up(struct service *service)
{
	if (service->state == RS_IS_RUNNING)
		return;
	if (!end(service, STOP_RESTART)) /* it is just being ended */
		services_begin(service);
}

static void put_down(struct service *service)
{
	if (!end(service, STOP_DOWN))
		services_put_down(service);
}

static void restart(struct service *service)
{
	if (!end(service, STOP_RESTART))
		services_begin(service);
}

/* The client is answered when it is done, which may be now. */
static int control(endpoint_t caller, const char label[PROC_NAME_MAX], enum waiter_kind kind,
                   void (*act)(struct service *service), struct rs_outcome *outcome)
{
	struct waiter waiter = {.client = caller, .kind = kind, .patience = NEVER};
	int result = find(caller, label, &waiter.service);

	if (result != OK)
		return result;
	waiter.was = waiter.service->state;
	act(waiter.service);
	timers_update();
	return waiters_add(&waiter, outcome);
}

int do_up(endpoint_t caller, const struct rs_up_req *request, struct rs_up_rep *reply)
{
	return control(caller, request->label, WAITS_UP, bring_up, &reply->outcome);
}

int do_down(endpoint_t caller, const struct rs_down_req *request, struct rs_down_rep *reply)
{
	return control(caller, request->label, WAITS_DOWN, put_down, &reply->outcome);
}

int do_restart(endpoint_t caller, const struct rs_restart_req *request, struct rs_restart_rep *reply)
{
	return control(caller, request->label, WAITS_UP, restart, &reply->outcome);
}

/* A program is not believed: so it could escape what its line says of its ends. */
int do_not_executed(endpoint_t caller, const struct rs_not_executed_req *request,
                    struct rs_not_executed_rep *reply)
{
	struct service *service = services_by_endpoint(caller);

	(void)reply;
	if (!service || process_has_executed(service->pid))
		return -EPERM;
	if (request->error == 0)
		return -EINVAL;
	service->exec_error = request->error;
	return OK;
}
