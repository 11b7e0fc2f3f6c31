/* SPDX-License-Identifier: MIT */
/*
 * Mapped ranges and snapshots: where DS has them. It maps a range once, in the part of its memory that
 * outlives it, and lends that on; it never loads from it or stores to it, for its publisher can take it away
 * at any moment. What must be known of a range is in the store; what is here is made anew by each DS:
 *
 *   - which places are taken
 *   - how much each process has published (quotas.h)
 *   - the grants by which it has lent ranges on. Those of a DS that has died can't be used any more, but what
 *     was mapped by them stays mapped, and ends when the range is unmapped here.
 */
#ifndef DS_RANGES_H
#define DS_RANGES_H

#include <granite/abi/ds_calls.h>
#include <granite/abi/grant.h>
#include <granite/abi/layout.h>

#include "store.h"

/* What struct store_map has of the server's own; of a snapshot it is the publisher of the range. */
enum range_word { RANGE_PUBLISHER, RANGE_GRANT_LOW, RANGE_GRANT_HIGH };

static inline endpoint_t range_publisher(const struct store_map *map)
{
	return (endpoint_t)map->server[RANGE_PUBLISHER];
}

/* For a new DS: takes stock, and unmaps what belongs to no entry. */
void ranges_open(void);

/* Begins to look for ranges that are gone; their entries end. */
void ranges_check(void);
int ranges_are_looked_at(void); /* whether that goes on */
void ranges_go_on(void);        /* does part of it, about as much as store_go_on() */

/* Whether ranges of the caller's own are still to be looked at: it must not find what is gone. */
int ranges_must_wait(endpoint_t caller);

/* Unmaps what the store says has ended. To be called after whatever may end entries. */
void ranges_release(void);

/* The grant by which the live range of this key was published; 0: there is none. */
cp_grant_id_t ranges_grant(const struct store_caller *caller, const struct store_key *key);

/* The process has ended, or calls exec: what it has been lent is taken back, what it lent is gone. */
void ranges_exited(endpoint_t endpoint);
void ranges_execed(endpoint_t endpoint);

/* A place for so many bytes, whole pages; `reserve`: the caller may have the last ones. -ENOSPC. */
GRANITE_MUST_CHECK int ranges_place(uint32_t bytes, int reserve, uint32_t *address);
void ranges_put_back(uint32_t address, uint32_t bytes);

/* The live range of the key, if it is there still. An entry whose range is gone is deleted: -ESRCH. */
GRANITE_MUST_CHECK int ranges_find(const struct store_caller *caller, const struct store_key *key,
                                   struct store_map *map);

/* ---- peers.c: the machine as DS reaches it; host tests put another in its place ---- */

#define RANGES_AT  (KEPT_BASE + 0x4000000u)
#define RANGES_END KEPT_END

/* As sys_safemap: maps what `from` has lent. */
GRANITE_MUST_CHECK int memory_map(endpoint_t from, cp_grant_id_t grant, uint32_t address, uint32_t bytes,
                                  int writable);

/* Unmaps whatever is there. */
void memory_unmap(uint32_t address, uint32_t bytes);

/* Whether just this is mapped by a grant still. */
int memory_is_lent(uint32_t address, uint32_t bytes);

/* The first mapped piece of [*start, RANGES_END). 0: there is none. */
int memory_next(uint32_t *start, uint32_t *end);

/* Keeps new memory at `address` with a copy of what is at `from`. -EFAULT: that can't be read; -ENOMEM. */
GRANITE_MUST_CHECK int memory_snapshot(uint32_t from, uint32_t address, uint32_t bytes);

/* Lends memory for mapping; takes a grant back. */
GRANITE_MUST_CHECK cp_grant_id_t memory_lend(endpoint_t to, uint32_t address, uint32_t bytes, int writable);
void memory_take_back(cp_grant_id_t grant);

/* Whether anybody has something mapped by this grant of DS's, or by way of it. */
int memory_is_held(cp_grant_id_t grant);

/* As lent_write, from a range. */
GRANITE_MUST_CHECK int memory_copy(endpoint_t client, cp_grant_id_t grant, uint32_t address, uint32_t bytes);

#endif
