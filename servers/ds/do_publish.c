/* SPDX-License-Identifier: MIT */
/* DS_PUBLISH and DS_DELETE: entries that are not mapped ranges, and the end of any. */
#include <errno.h>

#include "calls.h"
#include "ds.h"
#include "ranges.h"

static int has_bytes(uint32_t type)
{
	return type == DS_TYPE_STR || type == DS_TYPE_MEM;
}

/* Copies the value to where it outlives DS: its successor may have to compare it. */
static int take_value(endpoint_t caller, const struct ds_publish_req *request)
{
	if (!has_bytes(request->key.type))
		return OK;
	if (request->bytes > DS_VALUE_MAX)
		return -E2BIG;
	return request->bytes ? lent_read(caller, request->grant, calls->staged, request->bytes) : OK;
}

static int store_it(const struct store_caller *caller, const struct call *call, uint32_t flags)
{
	const struct store_key key = call_key(call);
	const struct store_value value = {
	        .bytes = calls->staged, .length = call->length, .number = call->number};

	if (key.type == DS_TYPE_LABEL)
		return store_publish_label(store, caller, &key, (endpoint_t)value.number, flags);
	return store_publish(store, caller, &key, &value, flags);
}

static int publish(endpoint_t endpoint, const struct ds_publish_req *request, const struct store_key *key)
{
	const struct store_caller caller = request_caller(endpoint);
	struct call *call = calls_note_entry(CALL_PUBLISH, &caller, request->serial, key);
	int result;

	call->flags = request->flags;
	call->number = has_bytes(key->type) ? 0 : request->number;
	call->length = has_bytes(key->type) ? request->bytes : 0;
	calls_begin();
	result = calls_end(store_it(&caller, call, request->flags), 0);
	wake_all();
	return result;
}

int do_publish(endpoint_t caller, const struct ds_publish_req *request, struct ds_publish_rep *reply)
{
	struct store_key key;
	uint64_t value;
	int result;

	(void)reply;
	if (calls_repeated(caller, request->serial, &value))
		return OK;
	result = request_key(caller, &request->key, &key);
	if (result == OK)
		result = take_value(caller, request);
	return result == OK ? publish(caller, request, &key) : result;
}

int do_delete(endpoint_t endpoint, const struct ds_delete_req *request, struct ds_delete_rep *reply)
{
	const struct store_caller caller = request_caller(endpoint);
	struct store_key key;
	struct call *call;
	uint64_t ended;
	int result;

	if (calls_repeated(endpoint, request->serial, &ended)) {
		reply->ended = (cp_grant_id_t)ended;
		return OK;
	}
	result = request_key(endpoint, &request->key, &key);
	if (result != OK)
		return result;
	call = calls_note_entry(CALL_DELETE, &caller, request->serial, &key);
	call->ended = key.type == DS_TYPE_MAP ? ranges_grant(&caller, &key) : 0;
	calls_begin();
	result = calls_end(store_delete(store, &caller, &key), call->ended);
	if (result == OK)
		reply->ended = (cp_grant_id_t)call->ended;
	ranges_release();
	wake_all();
	return result;
}
