/* SPDX-License-Identifier: MIT */
/* Labels: names and endpoints, one to one. By name they are entries like others; by endpoint there is a
 * second table. */
#include <string.h>

#include "store_core.h"

/* An endpoint is slot and generation, of which the slots are small numbers one after the other. */
static uint32_t *bucket_of(const struct store *store, endpoint_t endpoint)
{
	return &store->header->label_table[(uint32_t)endpoint % LABEL_BUCKETS];
}

uint32_t label_find(const struct store *store, endpoint_t endpoint)
{
	uint32_t entry = *bucket_of(store, endpoint);

	while (entry && entry_at(store, entry)->value != (uint32_t)endpoint)
		entry = entry_at(store, entry)->label_next;
	return entry;
}

void label_link(struct store *store, uint32_t entry, endpoint_t endpoint)
{
	struct entry *this = entry_at(store, entry);
	uint32_t *bucket = bucket_of(store, endpoint);

	tx_set(store, &this->value, (uint32_t)endpoint);
	tx_set(store, &this->label_next, *bucket);
	tx_set(store, bucket, entry);
}

void label_unlink(struct store *store, uint32_t entry)
{
	uint32_t *link = bucket_of(store, (endpoint_t)entry_at(store, entry)->value);

	while (*link != entry)
		link = &entry_at(store, *link)->label_next;
	tx_set(store, link, entry_at(store, entry)->label_next);
}

endpoint_t label_endpoint(const struct store *store, const char *label, uint32_t length)
{
	struct store_key key = {label, length, DS_TYPE_LABEL};
	uint32_t entry = entry_present(store, &key);

	return entry ? (endpoint_t)entry_at(store, entry)->value : NONE;
}

int store_label_name(const struct store *store, endpoint_t endpoint, char label[DS_KEY_SIZE])
{
	uint32_t entry = label_find(store, endpoint);

	if (!entry)
		return -ESRCH;
	entry_key(store, entry_at(store, entry), label);
	return OK;
}

void store_owner_of(const struct store *store, endpoint_t endpoint, struct store_owner *owner)
{
	memset(owner, 0, sizeof(*owner));
	owner->endpoint = endpoint;
	GRANITE_IGNORE(store_label_name(store, endpoint, owner->label)); /* without a label it stays empty */
}
