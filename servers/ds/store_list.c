/* SPDX-License-Identifier: MIT */
/* Looking at the store as a whole. */
#include <string.h>

#include "store_core.h"

int store_list(const struct store *store, const struct store_caller *caller, uint32_t position,
               struct store_entry *entry)
{
	const struct entry *this;

	if (position >= store->header->entries)
		return -ESRCH;
	this = entry_at(store, store->directory[position]);
	if (entry_is_gone(store, this) || !entry_may(store, this, caller, ACTION_SUBSCRIBE))
		return -EPERM;
	entry_tell(store, this, entry);
	if (!entry_may(store, this, caller, ACTION_RETRIEVE))
		entry->number = 0;
	return OK;
}

int store_list_subscription(const struct store *store, uint32_t position, char pattern[DS_PATTERN_MAX + 1],
                            struct store_owner *owner)
{
	for (uint32_t slot = 0; slot < store->header->slots; slot++) {
		const struct subscription *this = &store->slots[slot];

		if (!this->owner || this->state == SUBSCRIPTION_ENDS || position--)
			continue;
		memset(pattern, 0, DS_PATTERN_MAX + 1);
		chain_read(store, this->pattern, pattern, this->length);
		owner_tell(store, this->owner, owner);
		return OK;
	}
	return -ESRCH;
}

int store_list_owner(const struct store *store, uint32_t position, struct store_account *account)
{
	for (uint32_t i = 0; i < store->owner_buckets; i++)
		for (uint32_t owner = store->owners[i]; owner; owner = owner_at(store, owner)->next) {
			if (position--)
				continue;
			owner_tell(store, owner, &account->owner);
			account->used = owner_at(store, owner)->used;
			return OK;
		}
	return -ESRCH;
}

static uint32_t list_part(const struct store *store, uint32_t owner, struct store_owner *owners,
                          uint32_t most)
{
	uint32_t count = 0;

	for (; owner; owner = owner_at(store, owner)->next) {
		const struct owner *this = owner_at(store, owner);

		if (this->died == OWNER_ENDS || !owner_has_something(this))
			continue;
		if (count < most)
			owner_tell(store, owner, &owners[count]);
		count++;
	}
	return count;
}

uint32_t store_list_owners(const struct store *store, uint32_t *part, struct store_owner *owners,
                           uint32_t most)
{
	for (; *part < store->owner_buckets; (*part)++) {
		uint32_t first = store->owners[*part];

		uint32_t count = first ? list_part(store, first, owners, most) : 0;
		if (count > 0)
			return count;
	}
	*part = STORE_OWNER_PARTS;
	return 0;
}

static void add(struct store_limits *sum, const struct store_limits *used)
{
	sum->entries += used->entries;
	sum->bytes += used->bytes;
	sum->subscriptions += used->subscriptions;
	sum->notices += used->notices;
}

void store_statistics(const struct store *store, struct store_statistics *statistics)
{
	const struct store_header *header = store->header;

	memset(statistics, 0, sizeof(*statistics));
	for (uint32_t i = 0; i < store->owner_buckets; i++)
		for (uint32_t owner = store->owners[i]; owner; owner = owner_at(store, owner)->next)
			add(&statistics->used, &owner_at(store, owner)->used);
	statistics->owners = header->owners;
	memcpy(statistics->types, header->types, sizeof(statistics->types));
	statistics->blocks = store->block_count - 1; /* block 0 is none */
	statistics->blocks_free = blocks_free(store);
	statistics->releases = header->releases;
	statistics->patterns = watch_patterns(store->watch);
}
