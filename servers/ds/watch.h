/* SPDX-License-Identifier: MIT */
/*
 * The compiled patterns, and which of them match a key. On the heap: a successor compiles them again. Each is
 * known by the slot of its subscription; equal patterns are compiled once and matched once.
 */
#ifndef DS_WATCH_H
#define DS_WATCH_H

#include <granite/abi/ds.h>

struct watch;

struct watch *watch_new(uint32_t slots, uint32_t secret); /* NULL: no memory */
void watch_free(struct watch *watch);

/* The slot must have none. -EINVAL, -E2BIG: as pattern_judge, and what regcomp refuses; -ENOMEM. */
GRANITE_MUST_CHECK int watch_add(struct watch *watch, uint32_t slot, const char *pattern, uint32_t length);
void watch_remove(struct watch *watch, uint32_t slot);

/*
 * Before watch_add: what the pattern costs, and by how much the cost of all would grow: not at all if it is
 * there already. Errors as pattern_judge.
 */
GRANITE_MUST_CHECK int watch_judge(const struct watch *watch, const char *pattern, uint32_t length,
                                   uint32_t *cost, uint32_t *more);
uint32_t watch_memory(const struct watch *watch, const char *text,
                      uint32_t length);         /* bytes, at most; or 0 */
uint32_t watch_cost(const struct watch *watch); /* of all different patterns: pattern_shape.cost */
uint32_t watch_slot_cost(const struct watch *watch, uint32_t slot);

/* What it takes to compare a key with a pattern of this cost, in units of about 512 instructions. */
static inline uint32_t watch_work(uint32_t cost, uint32_t length)
{
	return (cost * (length + 8) + 7) / 8;
}

#define WATCH_LOOKS 3 /* patterns of no cost that take one unit together: each is looked at all the same */

/*
 * Calls `found` with each slot whose pattern matches all of the key, which needs an end. Patterns that begin
 * with other literal characters than the key are not looked at: see watch.c. Returns what it has taken.
 */
uint32_t watch_match(const struct watch *watch, const char *key, uint32_t length,
                     void (*found)(void *context, uint32_t slot), void *context);

/* Whether this slot's pattern does. */
int watch_slot_matches(const struct watch *watch, uint32_t slot, const char *key, uint32_t length);

uint32_t watch_patterns(const struct watch *watch); /* how many different ones there are */

#endif
