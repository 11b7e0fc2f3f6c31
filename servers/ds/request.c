/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "ds.h"

struct store *store;
uint8_t *work;

struct store_caller request_caller(endpoint_t caller)
{
	struct store_caller who = {.is_rs = caller == RS_PROC_NR};

	store_owner_of(store, caller, &who.owner);
	return who;
}

struct store_caller request_changer(endpoint_t caller, uint64_t serial)
{
	struct store_caller who = request_caller(caller);

	who.serial = serial;
	return who;
}

int request_key(endpoint_t caller, const struct ds_key *from, struct store_key *key)
{
	static char text[DS_KEY_MAX];

	if (from->bytes == 0 || from->bytes > DS_KEY_MAX)
		return -EINVAL;
	*key = (struct store_key){.text = text, .length = from->bytes, .type = from->type};
	return lent_read(caller, from->grant, text, from->bytes);
}

void wake_all(void)
{
	endpoint_t endpoint;

	while (store_wake_next(store, &endpoint) == OK)
		peer_notify(endpoint);
}
