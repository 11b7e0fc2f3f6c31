/* SPDX-License-Identifier: MIT */
/* See ranges.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <granite/abi/layout.h>

#include "ds.h"
#include "lendings.h"
#include "quotas.h"
#include "ranges.h"

#define PAGES   ((RANGES_END - RANGES_AT) / PAGE_SIZE)
#define RESERVE (PAGES / 4) /* ordinary processes can't have */

static uint8_t taken[PAGES / 8];
static uint32_t pages_free = PAGES;

/* ---- Places ---- */

static int is_taken(uint32_t page)
{
	return taken[page / 8] >> page % 8 & 1;
}

static void set_taken(uint32_t address, uint32_t bytes, int is)
{
	uint32_t first = (address - RANGES_AT) / PAGE_SIZE;

	for (uint32_t page = first; page < first + bytes / PAGE_SIZE; page++) {
		pages_free += (uint32_t)is_taken(page) - (uint32_t)is;
		taken[page / 8] = (uint8_t)((taken[page / 8] & ~(1 << page % 8)) | is << page % 8);
	}
}

int ranges_place(uint32_t bytes, int reserve, uint32_t *address)
{
	uint32_t pages = bytes / PAGE_SIZE, run = 0;

	if (pages_free < pages + (reserve ? 0 : RESERVE))
		return -ENOSPC;
	for (uint32_t page = 0; page < PAGES; page++) {
		run = is_taken(page) ? 0 : run + 1;
		if (run < pages)
			continue;
		*address = RANGES_AT + (page + 1 - pages) * PAGE_SIZE;
		set_taken(*address, bytes, 1);
		return OK;
	}
	return -ENOSPC;
}

void ranges_put_back(uint32_t address, uint32_t bytes)
{
	memory_unmap(address, bytes);
	set_taken(address, bytes, 0);
}

/* ---- The end of ranges ---- */

static void forget(const struct store_map *map)
{
	if (!map->number)
		lendings_end_of(map->address);
	quotas_take_away(map);
	ranges_put_back(map->address, map->length);
}

void ranges_release(void)
{
	struct store_map map;

	while (store_release_next(store, &map) == OK) {
		forget(&map);
		store_released(store);
	}
}

cp_grant_id_t ranges_grant(const struct store_caller *caller, const struct store_key *key)
{
	struct store_map map;

	if (store_retrieve_map(store, caller, key, 0, &map) != OK)
		return 0;
	return (cp_grant_id_t)map.server[RANGE_GRANT_HIGH] << 32 | map.server[RANGE_GRANT_LOW];
}

/* Its publisher lives, but has taken it back: so the entry ends, as if it had deleted it. */
static void end_entry(const struct store_key *key, const struct store_map *map)
{
	const struct store_caller owner = request_caller(range_publisher(map));
	int result = store_delete(store, &owner, key);

	if (result != OK && result != -ESRCH) /* its owner has died: that is its end already */
		ds_log("a range that is gone stays: %s", strerror(-result));
	ranges_release();
	wake_all();
}

int ranges_find(const struct store_caller *caller, const struct store_key *key, struct store_map *map)
{
	int result = store_retrieve_map(store, caller, key, 0, map);

	if (result != OK || memory_is_lent(map->address, map->length))
		return result;
	end_entry(key, map);
	return -ESRCH;
}

/* ---- Looking at all of them ---- */

static int is_looking; /* and has not come to the end */

/*
 * Of this publisher, or, with ANY, of all. Only the range that was found last is ended. Returns whether there
 * may be more: ending them takes long if many are told.
 */
static int check_published_by(endpoint_t endpoint)
{
	uint32_t begun = store_work(store);
	struct store_entry entry;
	struct store_map map;
	uint64_t position = 0;

	while (store_map_next(store, &position, &map, &entry) == OK) {
		const struct store_key key = {entry.key, (uint32_t)strlen(entry.key), DS_TYPE_MAP};

		if (map.number != 0 || (endpoint != ANY && range_publisher(&map) != endpoint) ||
		    memory_is_lent(map.address, map.length))
			continue;
		end_entry(&key, &map);
		if (store_work(store) - begun >= STORE_WORK)
			return 1;
	}
	return 0;
}

void ranges_check(void)
{
	is_looking = 1;
}

int ranges_are_looked_at(void)
{
	return is_looking;
}

void ranges_go_on(void)
{
	if (is_looking)
		is_looking = check_published_by(ANY);
}

int ranges_must_wait(endpoint_t caller)
{
	return is_looking && quotas_has_ranges(caller);
}

void ranges_execed(endpoint_t endpoint)
{
	lendings_end_to(endpoint);
	if (!is_looking && quotas_has_ranges(endpoint))
		is_looking = check_published_by(endpoint);
}

void ranges_exited(endpoint_t endpoint)
{
	lendings_end_to(endpoint);
	ranges_release();
}

/* ---- The start ---- */

static void take_stock(void)
{
	struct store_map map;
	uint64_t position = 0;

	while (store_map_next(store, &position, &map, NULL) == OK) {
		set_taken(map.address, map.length, 1);
		quotas_add(&map);
	}
}

/* What a predecessor had mapped for calls that it did not come to finish. */
static void unmap_strays(void)
{
	uint32_t start = RANGES_AT, end;

	for (; memory_next(&start, &end); start = end)
		for (uint32_t at = start; at < end; at += PAGE_SIZE)
			if (!is_taken((at - RANGES_AT) / PAGE_SIZE))
				memory_unmap(at, PAGE_SIZE);
}

static void unmap_ended(void)
{
	struct store_map map;

	while (store_release_next(store, &map) == OK) {
		memory_unmap(map.address, map.length);
		store_released(store);
	}
}

static void begin(void)
{
	memset(taken, 0, sizeof(taken));
	is_looking = 0;
	quotas_begin();
	pages_free = PAGES;
	lendings_begin();
}

void ranges_open(void)
{
	begin();
	unmap_ended();
	take_stock();
	unmap_strays();
}
