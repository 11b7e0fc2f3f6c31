/* SPDX-License-Identifier: MIT */
/* DS_SUBSCRIBE, DS_UNSUBSCRIBE and DS_CHECK. */
#include <errno.h>
#include <string.h>

#include "ds.h"

static int take_pattern(endpoint_t caller, cp_grant_id_t grant, uint32_t bytes, char *pattern)
{
	if (bytes == 0)
		return -EINVAL;
	if (bytes > DS_PATTERN_MAX)
		return -E2BIG;
	return lent_read(caller, grant, pattern, bytes);
}

static int has_memory_for(const char *pattern, uint32_t length)
{
	uint32_t bytes = store_subscribe_memory(store, pattern, length);

	return bytes == 0 || memory_is_spare(bytes);
}

int do_subscribe(endpoint_t endpoint, const struct ds_subscribe_req *request, struct ds_subscribe_rep *reply)
{
	const struct store_caller caller = request_changer(endpoint, request->serial);
	char pattern[DS_PATTERN_MAX];
	uint64_t answer;
	int result;

	(void)reply;
	if (store_is_done(store, endpoint, request->serial, &answer))
		return OK;
	result = take_pattern(endpoint, request->grant, request->bytes, pattern);
	if (result == OK && !has_memory_for(pattern, request->bytes))
		result = -ENOMEM;
	if (result == OK)
		result = store_subscribe(store, &caller, pattern, request->bytes, request->flags);
	later_go_on();
	return result;
}

int do_unsubscribe(endpoint_t endpoint, const struct ds_unsubscribe_req *request,
                   struct ds_unsubscribe_rep *reply)
{
	const struct store_caller caller = request_changer(endpoint, request->serial);
	char pattern[DS_PATTERN_MAX];
	uint64_t answer;
	int result;

	(void)reply;
	if (store_is_done(store, endpoint, request->serial, &answer))
		return OK;
	result = take_pattern(endpoint, request->grant, request->bytes, pattern);
	if (result == OK)
		result = store_unsubscribe(store, &caller, pattern, request->bytes);
	later_go_on();
	return result;
}

/*
 * A change has been told when its answer has arrived, and only then. If DS dies between the two the caller
 * says with its next call what it has seen.
 */
int do_check(endpoint_t endpoint, const struct ds_check_req *request, struct ds_check_rep *reply)
{
	const struct store_caller caller = request_caller(endpoint);
	struct store_change change;
	int result;

	if (request->seen)
		store_change_seen(store, &caller, request->seen);
	result = store_change_next(store, &caller, &change);
	if (result == OK)
		result = lent_write(endpoint, request->grant, change.key, sizeof(change.key));
	if (result != OK)
		return result;
	*reply = (struct ds_check_rep){.number = change.serial,
	                               .type = change.type,
	                               .what = change.what,
	                               .owner = change.owner.endpoint};
	if (peer_answer(endpoint, OK, reply, sizeof(*reply)) == OK)
		store_change_seen(store, &caller, change.serial);
	return SERVER_NO_REPLY;
}
