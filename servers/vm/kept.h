/* SPDX-License-Identifier: MIT */
/*
 * Kept memory, and what becomes of it when its owner dies. From KEPT_BASE to KEPT_END a space has only
 * regions of the types kept and lent, and kept ones are nowhere else: so they have tables of their own, and
 * no region, nor lending, lies on both sides of that range's ends.
 *
 * An estate is the space of a dead process, emptied but for that range. It is in no process's slot, and
 * nobody can name it as an owner or holder; but the lendings that it holds, and those of its kept memory, go
 * on. When its heir calls exec the new program is built in it, around what is there: so it passes on as it
 * is, at no cost, and nothing can be lost on the way.
 */
#ifndef VM_KEPT_H
#define VM_KEPT_H

#include <stdbool.h>

#include "space.h"

#define KEPT_NAMES_MAX (PAGE_SIZE / VM_KEEP_NAME_MAX - 1)

/* A page of the pool, that a space has from the first time that it keeps anything. */
struct kept {
	/* Of the regions whose object is the index + 1; one that no region has is free. Object 0 has none: it
	 * is a snapshot of what was lent. */
	char name[KEPT_NAMES_MAX][VM_KEEP_NAME_MAX];
	/* Of an estate: */
	struct space *next;
	endpoint_t heir; /* NONE; or dead: as if there were none */
};

/* Whether [start, end) touches the kept range; or lies on both sides of one of its ends. */
static inline bool kept_touches(vir_bytes start, vir_bytes end)
{
	return start < KEPT_END && end > KEPT_BASE;
}

static inline bool kept_straddles(vir_bytes start, vir_bytes end)
{
	return kept_touches(start, end) && (start < KEPT_BASE || end > KEPT_END);
}

/* The type of a snapshot of what was lent there. */
static inline enum region_type kept_snapshot_type(vir_bytes start)
{
	return kept_touches(start, start + 1) ? REGION_KEPT : REGION_ANONYMOUS;
}

/* A region's name, "" if it has none. */
const char *kept_name(const struct space *space, const struct region *region);

/* Whether the space has kept memory that has a name. */
bool kept_any(const struct space *space);

/* Gives back the names. No region has one any more. */
void kept_free(struct space *space);

/* ---- estate.c ---- */

extern struct space *estates; /* the first of all */

/* The space, whose process is dead and which has kept memory, becomes an estate. */
void estate_leave(struct space *space);

/* What `endpoint` is to find when it calls exec; NULL: nothing. */
struct space *estate_of_heir(endpoint_t endpoint);

/* The estate, whose endpoint is the heir's by now, is an ordinary space; or, after all, it is as it was left.
 */
void estate_accept(struct space *estate);
void estate_restore(struct space *estate);

/* The space that is named so: a living process's, or an estate by who has left it; NULL: none. */
struct space *estate_or_space(endpoint_t endpoint);

#endif
