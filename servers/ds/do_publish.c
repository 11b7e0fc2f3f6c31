/* SPDX-License-Identifier: MIT */
/* DS_PUBLISH and DS_DELETE: entries that are not mapped ranges, and the end of any. */
#include <errno.h>

#include "calls.h"
#include "ds.h"

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

static int exists(const struct store_caller *caller, const struct store_key *key)
{
	struct store_entry entry;

	return store_retrieve(store, caller, key, NULL, 0, &entry) != -ESRCH;
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

static struct call *note(enum call_kind kind, endpoint_t endpoint, uint64_t serial,
                         const struct store_caller *caller, const struct store_key *key)
{
	struct call *call = calls_note(kind, endpoint, serial, key->text, key->length);

	call->type = key->type;
	call->existed = (uint32_t)exists(caller, key);
	return call;
}

static int publish(endpoint_t endpoint, const struct ds_publish_req *request, const struct store_key *key)
{
	const struct store_caller caller = request_caller(endpoint);
	struct call *call = note(CALL_PUBLISH, endpoint, request->serial, &caller, key);
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
	uint32_t value;
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
	uint32_t value;
	int result;

	(void)reply;
	if (calls_repeated(endpoint, request->serial, &value))
		return OK;
	result = request_key(endpoint, &request->key, &key);
	if (result != OK)
		return result;
	note(CALL_DELETE, endpoint, request->serial, &caller, &key);
	calls_begin();
	result = calls_end(store_delete(store, &caller, &key), 0);
	wake_all();
	return result;
}
