/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <granite/rs.h>

/* EINVAL: it is too long. */
static int put_label(char to[PROC_NAME_MAX], const char *label)
{
	size_t length = strnlen(label, PROC_NAME_MAX);

	if (length == PROC_NAME_MAX)
		return -EINVAL;
	memset(to, 0, PROC_NAME_MAX);
	memcpy(to, label, length);
	return OK;
}

endpoint_t rs_lookup(const char *label)
{
	union rs_lookup_message call;
	int result = put_label(call.req.label, label);

	if (result == OK)
		result = rs_lookup_call(&call);
	return result == OK ? call.rep.endpoint : result;
}

static int make_await(union rs_await_message *call, const char *label, endpoint_t dead, uint64_t nsecs)
{
	call->req = (struct rs_await_req){.nsecs = nsecs, .dead = dead};
	return put_label(call->req.label, label);
}

endpoint_t rs_await(const char *label, endpoint_t dead, uint64_t nsecs)
{
	union rs_await_message call;
	int result = make_await(&call, label, dead, nsecs);

	if (result == OK)
		result = rs_await_call(&call);
	return result == OK ? call.rep.endpoint : result;
}

endpoint_t rs_await_intr(const char *label, endpoint_t dead, uint64_t nsecs)
{
	union rs_await_message call;
	int result = make_await(&call, label, dead, nsecs);

	if (result == OK)
		result = rs_await_call_intr(&call);
	return result == OK ? call.rep.endpoint : result;
}

/* The three operations have requests and replies of one form. */
static int control(int32_t operation, const char *label, struct rs_outcome *outcome)
{
	union rs_up_message call;
	int result = put_label(call.req.label, label);

	*outcome = (struct rs_outcome){0};
	call.type = operation;
	if (result == OK)
		result = ipc_sendrec_intr(RS_PROC_NR, &call.m);
	if (result != OK)
		return result;
	*outcome = call.rep.outcome;
	return call.type;
}

int rs_up(const char *label, struct rs_outcome *outcome)
{
	return control(RS_UP, label, outcome);
}

int rs_down(const char *label, struct rs_outcome *outcome)
{
	return control(RS_DOWN, label, outcome);
}

int rs_restart(const char *label, struct rs_outcome *outcome)
{
	return control(RS_RESTART, label, outcome);
}

int rs_status(uint32_t index, struct rs_status_rep *status)
{
	union rs_status_message call;
	int result;

	call.req = (struct rs_status_req){.index = index};
	result = rs_status_call(&call);
	if (result == OK)
		*status = call.rep;
	return result;
}

int rs_label(endpoint_t endpoint, char label[PROC_NAME_MAX])
{
	union rs_label_message call;
	int result;

	call.req = (struct rs_label_req){.endpoint = endpoint};
	result = rs_label_call(&call);
	if (result == OK)
		memcpy(label, call.rep.label, PROC_NAME_MAX);
	return result;
}
