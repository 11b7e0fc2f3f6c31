/* SPDX-License-Identifier: MIT */
/* DS_PUBLISH_MAP, DS_RETRIEVE_MAP, DS_SNAPSHOT and DS_DROP_SNAPSHOT. */
#include <errno.h>
#include <granite/abi/layout.h>

#include "ds.h"
#include "lendings.h"
#include "quotas.h"
#include "ranges.h"

static int has_reserve(const struct store_caller *caller)
{
	return caller->owner.label[0] != '\0';
}

/* ---- Publishing ---- */

static int check_publish(const struct ds_publish_map_req *request)
{
	if (request->key.type != DS_TYPE_MAP || request->bytes == 0 || request->bytes > DS_RANGE_MAX ||
	    request->bytes % PAGE_SIZE || request->flags & ~(uint32_t)(DSF_PUBLISH | DSMF_WRITABLE))
		return -EINVAL;
	return OK;
}

/* Maps the range at a new place. */
static int take_range(const struct store_caller *caller, const struct ds_publish_map_req *request,
                      struct store_map *map)
{
	int writable = (request->flags & DSMF_WRITABLE) != 0;
	endpoint_t publisher = caller->owner.endpoint;
	int result = quotas_may_publish(caller, request->bytes);

	if (result == OK)
		result = ranges_place(request->bytes, has_reserve(caller), &map->address);
	if (result != OK)
		return result;
	map->length = request->bytes;
	map->rights = writable ? CPF_READ | CPF_WRITE : CPF_READ;
	map->server[RANGE_PUBLISHER] = (uint32_t)publisher;
	map->server[RANGE_GRANT_LOW] = (uint32_t)request->grant;
	map->server[RANGE_GRANT_HIGH] = (uint32_t)(request->grant >> 32);
	result = memory_map(publisher, request->grant, map->address, map->length, writable);
	if (result != OK)
		ranges_put_back(map->address, map->length);
	return result;
}

static int publish(struct store_caller *caller, const struct ds_publish_map_req *request,
                   const struct store_key *key)
{
	struct store_map map = {.number = 0};
	int result = take_range(caller, request, &map);

	if (result != OK)
		return result;
	caller->answer = (uint64_t)ranges_grant(caller, key);
	result = store_publish_map(store, caller, key, &map, request->flags & ~(uint32_t)DSMF_WRITABLE);
	if (result == OK)
		quotas_add(&map);
	else
		ranges_put_back(map.address, map.length);
	return result;
}

int do_publish_map(endpoint_t endpoint, const struct ds_publish_map_req *request,
                   struct ds_publish_map_rep *reply)
{
	struct store_caller caller = request_changer(endpoint, request->serial);
	struct store_key key;
	uint64_t ended;
	int result;

	if (store_is_done(store, endpoint, request->serial, &ended)) {
		reply->ended = (cp_grant_id_t)ended;
		return OK;
	}
	result = check_publish(request);
	if (result == OK)
		result = request_key(endpoint, &request->key, &key);
	if (result == OK)
		result = publish(&caller, request, &key);
	if (result == OK)
		reply->ended = (cp_grant_id_t)caller.answer;
	ranges_release();
	wake_all();
	return result;
}

/* ---- Retrieving ---- */

static int copy_snapshot(const struct store_caller *caller, const struct ds_retrieve_map_req *request,
                         const struct store_key *key, struct ds_retrieve_map_rep *reply)
{
	struct store_map map;
	int result =
	        request->number ? store_retrieve_map(store, caller, key, request->number, &map) : -EINVAL;

	if (result != OK)
		return result;
	reply->bytes = map.length;
	if (map.length > request->bytes)
		return -ERANGE;
	return memory_copy(caller->owner.endpoint, request->grant, map.address, map.length);
}

static int copy_live(const struct store_caller *caller, const struct ds_retrieve_map_req *request,
                     const struct store_map *map)
{
	int result = memory_copy(caller->owner.endpoint, request->grant, map->address, map->length);

	return result == -EFAULT && !memory_is_lent(map->address, map->length) ? -ESRCH : result;
}

/* Never with more rights than it was published with. */
static int lend(const struct store_caller *caller, uint32_t flags, const struct store_map *map,
                cp_grant_id_t *grant)
{
	int writable = (flags & DSMF_WRITABLE) != 0;

	if (writable && !(map->rights & CPF_WRITE))
		return -EPERM;
	*grant = lendings_lend(caller->owner.endpoint, map->address, map->length, writable,
	                       has_reserve(caller));
	return *grant < 0 ? (int)*grant : OK;
}

static int retrieve_live(const struct store_caller *caller, const struct ds_retrieve_map_req *request,
                         const struct store_key *key, struct ds_retrieve_map_rep *reply)
{
	struct store_map map;
	int result = request->number ? -EINVAL : ranges_find(caller, key, &map);

	if (result != OK)
		return result;
	reply->bytes = map.length;
	if (map.length > request->bytes)
		return -ERANGE;
	if (request->flags & DSMF_COPY_MAPPED)
		return copy_live(caller, request, &map);
	return lend(caller, request->flags, &map, &reply->grant);
}

int do_retrieve_map(endpoint_t endpoint, const struct ds_retrieve_map_req *request,
                    struct ds_retrieve_map_rep *reply)
{
	const struct store_caller caller = request_caller(endpoint);
	struct store_key key;
	int result = request_key(endpoint, &request->key, &key);

	if (result == OK && key.type != DS_TYPE_MAP)
		result = -EINVAL;
	if (result != OK)
		return result;
	switch (request->flags) {
	case DSMF_COPY_SNAPSHOT:
		return copy_snapshot(&caller, request, &key, reply);
	case DSMF_COPY_MAPPED:
	case DSMF_MAP_MAPPED:
	case DSMF_MAP_MAPPED | DSMF_WRITABLE:
		return retrieve_live(&caller, request, &key, reply);
	default:
		return -EINVAL;
	}
}

/* ---- Snapshots ---- */

/* A new place, with a copy of what the range holds. */
static int take_snapshot(const struct store_caller *caller, const struct store_map *range,
                         struct store_map *map)
{
	int result = quotas_may_snapshot(caller, range);

	if (result == OK)
		result = ranges_place(range->length, has_reserve(caller), &map->address);
	if (result != OK)
		return result;
	map->length = range->length;
	map->rights = CPF_READ;
	map->server[RANGE_PUBLISHER] = range->server[RANGE_PUBLISHER];
	result = memory_snapshot(range->address, map->address, map->length);
	if (result != OK)
		ranges_put_back(map->address, map->length);
	if (result == -EFAULT)
		result = memory_is_lent(range->address, range->length) ? -ENOMEM : -ESRCH;
	return result;
}

static int snapshot(const struct store_caller *caller, const struct store_key *key, uint32_t *number)
{
	struct store_map range, map = {.number = 0};
	int result = store_may_snapshot(store, caller, key);

	if (result == OK)
		result = ranges_find(caller, key, &range);
	if (result == OK)
		result = take_snapshot(caller, &range, &map);
	if (result != OK)
		return result;
	result = store_snapshot(store, caller, key, &map, number);
	map.number = *number;
	if (result == OK)
		quotas_add(&map);
	else
		ranges_put_back(map.address, map.length);
	return result;
}

int do_snapshot(endpoint_t endpoint, const struct ds_snapshot_req *request, struct ds_snapshot_rep *reply)
{
	const struct store_caller caller = request_changer(endpoint, request->serial);
	struct store_key key;
	uint64_t number;
	int result;

	if (store_is_done(store, endpoint, request->serial, &number)) {
		reply->number = (uint32_t)number;
		return OK;
	}
	result = request_key(endpoint, &request->key, &key);
	return result == OK ? snapshot(&caller, &key, &reply->number) : result;
}

int do_drop_snapshot(endpoint_t endpoint, const struct ds_drop_snapshot_req *request,
                     struct ds_drop_snapshot_rep *reply)
{
	const struct store_caller caller = request_changer(endpoint, request->serial);
	struct store_key key;
	uint64_t answer;
	int result;

	(void)reply;
	if (store_is_done(store, endpoint, request->serial, &answer))
		return OK;
	result = request_key(endpoint, &request->key, &key);
	if (result == OK)
		result = store_drop_snapshot(store, &caller, &key, request->number);
	ranges_release();
	return result;
}
