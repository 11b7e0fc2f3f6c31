/* SPDX-License-Identifier: MIT */
/*
 * Mapped ranges and their snapshots. The core keeps what the server says of them, and never loses one: what
 * has ended is in the list of releases until the server has unmapped it, however often DS dies in between.
 */
#include "store_core.h"

/* ---- The list of ranges ---- */

void range_join(struct store *store, uint32_t range, uint32_t entry)
{
	struct map *this = map_at(store, range);
	uint32_t *first = &store->header->range_first;

	this->entry = entry;
	this->range_next = *first;
	if (*first)
		tx_set(store, &map_at(store, *first)->range_previous, range);
	tx_set(store, first, range);
}

static void leave(struct store *store, const struct map *range)
{
	uint32_t *before = range->range_previous ? &map_at(store, range->range_previous)->range_next
	                                         : &store->header->range_first;

	tx_set(store, before, range->range_next);
	if (range->range_next)
		tx_set(store, &map_at(store, range->range_next)->range_previous, range->range_previous);
}

/* ---- Releases ---- */

/* All of a chain: it becomes the end of the list, whatever its length. */
static void release(struct store *store, uint32_t first)
{
	struct store_header *header = store->header;
	uint32_t last = first, count = 1;

	for (; map_at(store, last)->next; last = map_at(store, last)->next)
		count++;
	if (header->release_last)
		tx_set(store, &map_at(store, header->release_last)->next, first);
	else
		tx_set(store, &header->release_first, first);
	tx_set(store, &header->release_last, last);
	tx_add(store, &header->releases, (int32_t)count);
}

void range_end(struct store *store, uint32_t range, uint32_t snapshots)
{
	leave(store, map_at(store, range));
	tx_set(store, &map_at(store, range)->next, snapshots);
	release(store, range);
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

#define MAPS_END UINT64_MAX

/* A position: which range, and what is to be shown next: a snapshot of it, or the range itself. */
static uint64_t position_at(uint32_t range, uint32_t shown)
{
	return (uint64_t)range << 32 | (shown ? shown : range);
}

static uint64_t position_of(const struct store *store, uint32_t range)
{
	return range ? position_at(range, entry_at(store, map_at(store, range)->entry)->snapshots) : MAPS_END;
}

int store_map_next(const struct store *store, uint64_t *position, struct store_map *map,
                   struct store_entry *entry)
{
	uint64_t at = *position ? *position : position_of(store, store->header->range_first);
	uint32_t range = (uint32_t)(at >> 32), shown = (uint32_t)at;

	if (at == MAPS_END)
		return -ENOENT;
	*map = map_at(store, shown)->told;
	if (entry)
		entry_tell(store, entry_at(store, map_at(store, range)->entry), entry);
	*position = shown == range ? position_of(store, map_at(store, range)->range_next)
	                           : position_at(range, map_at(store, shown)->next);
	return OK;
}

/* ---- Snapshots ---- */

static int may_snapshot(struct store *store, const struct store_caller *caller, const struct store_key *key,
                        struct entry **entry)
{
	int result = find(store, caller, key, ACTION_SNAPSHOT, entry);

	if (result != OK)
		return result;
	return room_for(store, 1, blocks_for(caller)) ? OK : -ENOSPC;
}

int store_may_snapshot(struct store *store, const struct store_caller *caller, const struct store_key *key)
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
	answer_keep(store, caller, *number);
	tx_commit(store);
	return OK;
}

int store_drop_snapshot(struct store *store, const struct store_caller *caller, const struct store_key *key,
                        uint32_t number)
{
	struct entry *entry;
	uint32_t *link, dropped;
	int result = find(store, caller, key, ACTION_OVERWRITE, &entry);

	if (result != OK)
		return result;
	link = &entry->snapshots;
	while (*link && map_at(store, *link)->told.number != number)
		link = &map_at(store, *link)->next;
	dropped = *link;
	if (!dropped)
		return -ENOENT;
	tx_begin(store);
	tx_set(store, link, map_at(store, dropped)->next);
	tx_set(store, &map_at(store, dropped)->next, 0);
	release(store, dropped);
	answer_keep(store, caller, 0);
	tx_commit(store);
	return OK;
}
