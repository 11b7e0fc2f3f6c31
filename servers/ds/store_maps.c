/* SPDX-License-Identifier: MIT */
/*
 * Mapped ranges and their snapshots. The core keeps what the server says of them, and never loses one: what
 * has ended is in the list of releases until the server has unmapped it, however often DS dies in between.
 */
#include "store_core.h"

void map_release(struct store *store, uint32_t map)
{
	struct store_header *header = store->header;

	tx_set(store, &map_at(store, map)->next, 0);
	if (header->release_last)
		tx_set(store, &map_at(store, header->release_last)->next, map);
	else
		tx_set(store, &header->release_first, map);
	tx_set(store, &header->release_last, map);
	tx_add(store, &header->releases, 1);
}

int store_release_next(const struct store *store, struct store_map *map)
{
	if (!store->header->release_first)
		return -ENOENT;
	*map = map_at(store, store->header->release_first)->told;
	return OK;
}

void store_released(struct store *store)
{
	struct store_header *header = store->header;
	uint32_t first = header->release_first;

	if (!first)
		return;
	tx_begin(store);
	tx_set(store, &header->release_first, map_at(store, first)->next);
	if (!header->release_first)
		tx_set(store, &header->release_last, 0);
	tx_add(store, &header->releases, -1);
	block_free(store, first);
	tx_commit(store);
}

/* ---- Finding ---- */

/* The entry of a mapped range, if the caller may do this with it. OK, -EINVAL, -ESRCH, -EPERM. */
static int find(const struct store *store, const struct store_caller *caller, const struct store_key *key,
                enum action action, struct entry **entry)
{
	uint32_t found;
	int result = key->type == DS_TYPE_MAP ? entry_find_for(store, caller, key, action, &found) : -EINVAL;

	if (result == OK)
		*entry = entry_at(store, found);
	return result;
}

int store_retrieve_map(const struct store *store, const struct store_caller *caller,
                       const struct store_key *key, uint32_t number, struct store_map *map)
{
	struct entry *entry;
	int result = find(store, caller, key, ACTION_RETRIEVE, &entry);
	uint32_t found;

	if (result != OK)
		return result;
	found = number ? entry->snapshots : entry->value;
	while (found && map_at(store, found)->told.number != number)
		found = map_at(store, found)->next;
	if (!found)
		return -ENOENT;
	*map = map_at(store, found)->told;
	return OK;
}

/* The position: which entry, and which of its ranges. */
int store_map_next(const struct store *store, uint64_t *position, struct store_map *map)
{
	for (;; *position = ((*position >> 32) + 1) << 32) {
		uint32_t at = (uint32_t)(*position >> 32), skip = (uint32_t)*position, found;
		const struct entry *entry;

		if (at >= store->header->entries)
			return -ENOENT;
		entry = entry_at(store, store->directory[at]);
		if (entry->type != DS_TYPE_MAP)
			continue;
		found = skip ? entry->snapshots : entry->value;
		for (uint32_t i = 1; found && i < skip; i++)
			found = map_at(store, found)->next;
		if (!found)
			continue;
		*map = map_at(store, found)->told;
		*position += 1;
		return OK;
	}
}

/* ---- Snapshots ---- */

static uint32_t snapshots_of(const struct store *store, const struct entry *entry)
{
	uint32_t count = 0;

	for (uint32_t map = entry->snapshots; map; map = map_at(store, map)->next)
		count++;
	return count;
}

static int may_snapshot(const struct store *store, const struct store_caller *caller,
                        const struct store_key *key, struct entry **entry)
{
	int result = find(store, caller, key, ACTION_SNAPSHOT, entry);

	if (result != OK)
		return result;
	if (snapshots_of(store, *entry) >= STORE_SNAPSHOTS)
		return -EDQUOT;
	return room_for(store, 1, has_reserve(caller)) ? OK : -ENOSPC;
}

int store_may_snapshot(const struct store *store, const struct store_caller *caller,
                       const struct store_key *key)
{
	struct entry *entry;

	return may_snapshot(store, caller, key, &entry);
}

int store_snapshot(struct store *store, const struct store_caller *caller, const struct store_key *key,
                   const struct store_map *map, uint32_t *number)
{
	struct entry *entry;
	uint32_t snapshot;
	int result = may_snapshot(store, caller, key, &entry);

	if (result != OK)
		return result;
	tx_begin(store);
	snapshot = block_take(store);
	tx_add(store, &entry->snapshot_number, 1);
	map_at(store, snapshot)->told = *map;
	map_at(store, snapshot)->told.number = entry->snapshot_number;
	tx_set(store, &map_at(store, snapshot)->next, entry->snapshots);
	tx_set(store, &entry->snapshots, snapshot);
	*number = entry->snapshot_number;
	tx_commit(store);
	return OK;
}
