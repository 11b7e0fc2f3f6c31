/* SPDX-License-Identifier: MIT */
/* DS_PUBLISH and DS_DELETE: entries that are not mapped ranges, and the end of any. */
#include <errno.h>

#include "ds.h"
#include "ranges.h"

static int has_bytes(uint32_t type)
{
	return type == DS_TYPE_STR || type == DS_TYPE_MEM;
}

static int take_value(endpoint_t caller, const struct ds_publish_req *request)
{
	if (!has_bytes(request->key.type))
		return OK;
	if (request->bytes > DS_VALUE_MAX)
		return -E2BIG;
	return request->bytes ? lent_read(caller, request->grant, work, request->bytes) : OK;
}

static int publish(endpoint_t endpoint, const struct ds_publish_req *request, const struct store_key *key)
{
	const struct store_caller caller = request_changer(endpoint, request->serial);
	const struct store_value value = {.bytes = work, .length = request->bytes, .number = request->number};

	if (key->type == DS_TYPE_LABEL)
		return store_publish_label(store, &caller, key, (endpoint_t)request->number, request->flags);
	return store_publish(store, &caller, key, &value, request->flags);
}

int do_publish(endpoint_t caller, const struct ds_publish_req *request, struct ds_publish_rep *reply)
{
	struct store_key key;
	uint64_t answer;
	int result;

	(void)reply;
	if (store_is_done(store, caller, request->serial, &answer))
		return OK;
	result = request_key(caller, &request->key, &key);
	if (result == OK)
		result = take_value(caller, request);
	if (result == OK)
		result = publish(caller, request, &key);
	wake_all();
	return result;
}

int do_delete(endpoint_t endpoint, const struct ds_delete_req *request, struct ds_delete_rep *reply)
{
	struct store_caller caller = request_changer(endpoint, request->serial);
	struct store_key key;
	uint64_t ended;
	int result;

	if (store_is_done(store, endpoint, request->serial, &ended)) {
		reply->ended = (cp_grant_id_t)ended;
		return OK;
	}
	result = request_key(endpoint, &request->key, &key);
	if (result != OK)
		return result;
	if (key.type == DS_TYPE_MAP)
		caller.answer = (uint64_t)ranges_grant(&caller, &key);
	result = store_delete(store, &caller, &key);
	if (result == OK)
		reply->ended = (cp_grant_id_t)caller.answer;
	ranges_release();
	wake_all();
	return result;
}
