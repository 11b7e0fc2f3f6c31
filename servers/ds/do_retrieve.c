/* SPDX-License-Identifier: MIT */
/* DS_RETRIEVE and DS_NAME. */
#include <errno.h>
#include <string.h>

#include "ds.h"

/* A mapped range has no value that could be retrieved so. */
int do_retrieve(endpoint_t endpoint, const struct ds_retrieve_req *request, struct ds_retrieve_rep *reply)
{
	const struct store_caller caller = request_caller(endpoint);
	struct store_entry entry;
	struct store_key key;
	int result = request_key(endpoint, &request->key, &key);

	if (result == OK && key.type == DS_TYPE_MAP)
		result = -EINVAL;
	if (result == OK)
		result = store_retrieve(store, &caller, &key, work, WORK_BYTES, &entry);
	if (result != OK)
		return result;
	reply->number = entry.number;
	reply->bytes = entry.length;
	if (entry.length > request->bytes)
		return -ERANGE;
	return entry.length ? lent_write(endpoint, request->grant, work, entry.length) : OK;
}

int do_name(endpoint_t caller, const struct ds_name_req *request, struct ds_name_rep *reply)
{
	char label[DS_KEY_SIZE] = "";
	int result = store_label_name(store, request->endpoint, label);

	(void)reply;
	return result == OK ? lent_write(caller, request->grant, label, sizeof(label)) : result;
}
