/* SPDX-License-Identifier: MIT */
/*
 * Which addresses a process may use, and what for: a sorted set of regions that don't overlap. Nothing here
 * knows of page tables. Addresses are the process's own, all page-aligned.
 *
 * The regions stand in order in leaves, each a page of the pool, and the leaves in order in the set: found by
 * two binary searches, moved with memmove. Neighbours that are the same thing cut in two are always joined.
 *
 * A process has at most REGION_LEAVES_MAX leaves; as two neighbouring leaves are joined when they are half
 * empty together, that is room for some 2000 regions at least, however they are scattered.
 */
#ifndef VM_REGION_H
#define VM_REGION_H

#include <stdbool.h>

#include <granite/abi/layout.h>
#include <granite/abi/types.h>
#include <granite/abi/vm.h>

struct region {
	vir_bytes start, end;
	uint32_t object; /* the type's: what is at `start` */
	uint16_t prot;   /* VM_PROT_* */
	uint16_t type;   /* enum region_type */
};

#define REGION_LEAF_MAX   ((PAGE_SIZE - 2 * sizeof(uint32_t)) / sizeof(struct region))
#define REGION_LEAVES_MAX 32

struct region_leaf {
	uint32_t nr;   /* at least 1; the regions from here on are zeros */
	uint32_t last; /* where a search ended: the next one begins there. It may be past `nr` */
	struct region region[REGION_LEAF_MAX];
};

struct regions {
	uint32_t nr_leaves;
	struct region_leaf *leaf[REGION_LEAVES_MAX];
};

/* An all-zero set is empty. Copying and clearing are for sets as a whole. -ENOMEM: *to is a part of *from. */
int regions_copy(struct regions *to, const struct regions *from);
void regions_clear(struct regions *set);

/* The region that contains `address`, or NULL. */
const struct region *regions_find(const struct regions *set, vir_bytes address);

/* The first region that ends after `address`, or NULL. */
const struct region *regions_from(const struct regions *set, vir_bytes address);

/* For a visit to all regions with an address in [start, end): the first, and the one after `region`; NULL: no
 * more. */
const struct region *regions_first(const struct regions *set, vir_bytes start, vir_bytes end);
const struct region *regions_next(const struct regions *set, const struct region *region, vir_bytes end);

/* The region before that one, or before the end, or NULL. */
const struct region *regions_before(const struct regions *set, vir_bytes address);

/* Whether nothing is in [start, end); whether regions cover it; all with the right to read, or to write. */
bool regions_empty(const struct regions *set, vir_bytes start, vir_bytes end);
bool regions_cover(const struct regions *set, vir_bytes start, vir_bytes end);
bool regions_allow(const struct regions *set, vir_bytes start, vir_bytes end, bool write);
bool region_allows(const struct region *region, bool write);

/* The highest free range of so many bytes between PROC_MIN_ADDRESS and MMAP_TOP; 0: there is none. */
vir_bytes regions_find_gap(const struct regions *set, uint32_t bytes);

/*
 * Whether [start, end) can be changed as by the three functions below, with one insertion or none: there is
 * room for the pieces. Always asked first, so that they can't fail.
 */
bool regions_may_change(const struct regions *set, vir_bytes start, vir_bytes end, bool insertion);

void regions_insert(struct regions *set, const struct region *new); /* where nothing is */
void regions_remove(struct regions *set, vir_bytes start, vir_bytes end);
void regions_protect(struct regions *set, vir_bytes start, vir_bytes end, uint32_t prot);

/* Whole regions become of another type, which has no object. That can't fail, asked or not. */
void regions_retype(struct regions *set, vir_bytes start, vir_bytes end, enum region_type type);

/* Whether `right` is what `left` would be if it went on. */
bool region_continues(const struct region *left, const struct region *right);

#endif
