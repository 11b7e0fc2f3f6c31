/* SPDX-License-Identifier: MIT */
/* DS_LIST and DS_STATS. */
#include <errno.h>
#include <string.h>

#include "ds.h"
#include "kept.h"

_Static_assert(DS_LIST_MAX * sizeof(struct ds_entry) <= WORK_BYTES, "a list fits the work space");

static void describe(const struct store_entry *entry, struct ds_entry *told)
{
	memcpy(told->key, entry->key, sizeof(told->key));
	memcpy(told->owner, entry->owner.label, sizeof(told->owner));
	told->endpoint = entry->owner.endpoint;
	told->type = entry->type;
	told->flags = entry->flags;
	told->number = entry->number;
	told->bytes = entry->length;
}

/* Looks at a bounded number of positions, however many of them are kept from the caller. */
int do_list(endpoint_t endpoint, const struct ds_list_req *request, struct ds_list_rep *reply)
{
	const struct store_caller caller = request_caller(endpoint);
	struct ds_entry *list = (struct ds_entry *)work;
	uint32_t count = request->count < DS_LIST_MAX ? request->count : DS_LIST_MAX, at = request->from;
	struct store_entry entry;
	int result = OK;

	if (request->count == 0)
		return -EINVAL;
	while (reply->count < count && at - request->from < 4 * DS_LIST_MAX && result != -ESRCH) {
		result = store_list(store, &caller, at, &entry);
		at += result != -ESRCH;
		if (result == OK)
			describe(&entry, &list[reply->count++]);
	}
	reply->next = result == -ESRCH ? 0 : at;
	if (reply->count == 0)
		return OK;
	return lent_write(endpoint, request->grant, list, reply->count * (uint32_t)sizeof(*list));
}

int do_stats(endpoint_t caller, const struct ds_stats_req *request, struct ds_stats_rep *reply)
{
	struct store_statistics from;
	struct ds_statistics told;

	(void)reply;
	if (request->bytes != sizeof(told))
		return -EINVAL;
	store_statistics(store, &from);
	told = (struct ds_statistics){
	        .owners = from.owners,
	        .subscriptions = from.used.subscriptions,
	        .notices = from.used.notices,
	        .patterns = from.patterns,
	        .value_bytes = from.used.bytes,
	        .bytes = from.blocks * STORE_BLOCK_BYTES,
	        .bytes_free = from.blocks_free * STORE_BLOCK_BYTES,
	        .starts = kept->starts,
	};
	memcpy(told.types, from.types, sizeof(told.types));
	return lent_write(caller, request->grant, &told, sizeof(told));
}
