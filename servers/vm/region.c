/* SPDX-License-Identifier: MIT */
#include "region.h"

#include <stddef.h>
#include <string.h>

#include "pool.h"
#include "types.h"
#include "vm.h"

_Static_assert(sizeof(struct region_leaf) <= PAGE_SIZE, "a leaf is a page");

/* Changing a range takes at most three more regions: two cuts and an insertion. */
#define ROOM 3

/* Where a region stands. Past the last one is {nr_leaves, 0}. */
struct place {
	uint32_t leaf, index;
};

static struct region *at(const struct regions *set, struct place place)
{
	return place.leaf < set->nr_leaves ? &set->leaf[place.leaf]->region[place.index] : NULL;
}

static struct place after(const struct regions *set, struct place place)
{
	if (++place.index < set->leaf[place.leaf]->nr)
		return place;
	return (struct place){place.leaf + 1, 0};
}

/* Moves *place back to the region before it, and returns that; NULL: there is none. */
static struct region *step_back(const struct regions *set, struct place *place)
{
	if (place->index > 0) {
		place->index--;
	} else {
		if (place->leaf == 0)
			return NULL;
		place->leaf--;
		place->index = set->leaf[place->leaf]->nr - 1;
	}
	return at(set, *place);
}

static vir_bytes leaf_end(const struct region_leaf *leaf)
{
	return leaf->region[leaf->nr - 1].end;
}

static uint32_t seek_leaf(const struct regions *set, vir_bytes address)
{
	uint32_t low = 0, high = set->nr_leaves;

	if (high == 1)
		return leaf_end(set->leaf[0]) <= address;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (leaf_end(set->leaf[middle]) > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Whether it is the first region of the leaf that ends after `address`. */
static bool is_first_after(const struct region_leaf *leaf, uint32_t index, vir_bytes address)
{
	return index < leaf->nr && leaf->region[index].end > address &&
	       (index == 0 || leaf->region[index - 1].end <= address);
}

static uint32_t search(const struct region_leaf *leaf, vir_bytes address)
{
	uint32_t low = 0, high = leaf->nr - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (leaf->region[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Most searches are for what was found last, or for what follows it. */
static uint32_t seek_index(struct region_leaf *leaf, vir_bytes address)
{
	if (is_first_after(leaf, leaf->last, address))
		return leaf->last;
	leaf->last = is_first_after(leaf, leaf->last + 1, address) ? leaf->last + 1 : search(leaf, address);
	return leaf->last;
}

/* The first region that ends after `address`. */
static struct place seek(const struct regions *set, vir_bytes address)
{
	uint32_t leaf = seek_leaf(set, address);

	if (leaf == set->nr_leaves)
		return (struct place){leaf, 0};
	return (struct place){leaf, seek_index(set->leaf[leaf], address)};
}

/* ---- Leaves ---- */

static bool add_leaf(struct regions *set, uint32_t position)
{
	struct region_leaf *leaf;

	if (set->nr_leaves == REGION_LEAVES_MAX)
		return false;
	leaf = pool_allocate(POOL_OWN);
	if (!leaf)
		return false;
	memmove(&set->leaf[position + 1], &set->leaf[position],
	        (set->nr_leaves - position) * sizeof(set->leaf[0]));
	set->leaf[position] = leaf;
	set->nr_leaves++;
	return true;
}

static void drop_leaf(struct regions *set, uint32_t position)
{
	struct region_leaf *leaf = set->leaf[position];

	memset(leaf, 0, offsetof(struct region_leaf, region) + leaf->nr * sizeof(leaf->region[0]));
	pool_free(leaf, POOL_OWN);
	set->nr_leaves--;
	memmove(&set->leaf[position], &set->leaf[position + 1],
	        (set->nr_leaves - position) * sizeof(set->leaf[0]));
}

/* The upper half of a full leaf moves to a new one behind it. */
static bool split_leaf(struct regions *set, uint32_t position)
{
	struct region_leaf *full = set->leaf[position], *upper;
	uint32_t keep = full->nr / 2;

	if (!add_leaf(set, position + 1))
		return false;
	upper = set->leaf[position + 1];
	upper->nr = full->nr - keep;
	full->nr = keep;
	memcpy(upper->region, &full->region[keep], upper->nr * sizeof(full->region[0]));
	memset(&full->region[keep], 0, upper->nr * sizeof(full->region[0]));
	return true;
}

static bool join_leaves(struct regions *set, uint32_t position)
{
	struct region_leaf *left, *right;

	if (position + 1 >= set->nr_leaves)
		return false;
	left = set->leaf[position];
	right = set->leaf[position + 1];
	if (left->nr + right->nr > REGION_LEAF_MAX / 2)
		return false;
	memcpy(&left->region[left->nr], right->region, right->nr * sizeof(right->region[0]));
	left->nr += right->nr;
	drop_leaf(set, position + 1);
	return true;
}

/* ---- Single regions ---- */

static bool make_room(struct regions *set, struct place *place)
{
	uint32_t nr;

	if (set->nr_leaves == 0)
		return add_leaf(set, 0);
	if (place->leaf == set->nr_leaves) {
		place->leaf--;
		place->index = set->leaf[place->leaf]->nr;
	}
	if (set->leaf[place->leaf]->nr < REGION_LEAF_MAX)
		return true;
	if (!split_leaf(set, place->leaf))
		return false;
	nr = set->leaf[place->leaf]->nr;
	if (place->index > nr) {
		place->leaf++;
		place->index -= nr;
	}
	return true;
}

static void insert_at(struct regions *set, struct place place, const struct region *new)
{
	struct region_leaf *leaf;

	if (!make_room(set, &place))
		vm_panic("a region was inserted without asking for room");
	leaf = set->leaf[place.leaf];
	memmove(&leaf->region[place.index + 1], &leaf->region[place.index],
	        (leaf->nr - place.index) * sizeof(leaf->region[0]));
	leaf->region[place.index] = *new;
	leaf->nr++;
}

static void remove_at(struct regions *set, struct place place)
{
	struct region_leaf *leaf = set->leaf[place.leaf];

	leaf->nr--;
	memmove(&leaf->region[place.index], &leaf->region[place.index + 1],
	        (leaf->nr - place.index) * sizeof(leaf->region[0]));
	leaf->region[leaf->nr] = (struct region){0};
	if (leaf->nr == 0)
		drop_leaf(set, place.leaf);
	else if (!join_leaves(set, place.leaf) && place.leaf > 0)
		join_leaves(set, place.leaf - 1);
}

bool region_continues(const struct region *left, const struct region *right)
{
	return left->end == right->start && left->prot == right->prot && left->type == right->type &&
	       right->object == memory_types[left->type]->advance(left->object, left->end - left->start);
}

/* Cuts the region that `address` lies within, if there is one, in two. */
static void cut(struct regions *set, vir_bytes address)
{
	struct place place = seek(set, address);
	struct region *left = at(set, place);
	struct region right;

	if (!left || left->start >= address)
		return;
	right = *left;
	right.start = address;
	right.object = memory_types[left->type]->advance(left->object, address - left->start);
	left->end = address;
	place.index++;
	insert_at(set, place, &right);
}

/* Joins neighbours that fit together: from one that ends at `start` to one that begins at `end`. */
static void join(struct regions *set, vir_bytes start, vir_bytes end)
{
	struct place place = seek(set, start - 1);
	struct region *left, *right;
	vir_bytes from;

	while ((left = at(set, place))) {
		struct place next = after(set, place);

		right = at(set, next);
		if (!right || right->start > end)
			return;
		from = left->start;
		if (region_continues(left, right)) {
			left->end = right->end;
			remove_at(set, next);
			place = seek(set, from);
		} else {
			place = next;
		}
	}
}

/* ---- What others see ---- */

int regions_copy(struct regions *to, const struct regions *from)
{
	for (uint32_t leaf = 0; leaf < from->nr_leaves; leaf++) {
		if (!add_leaf(to, leaf))
			return -ENOMEM;
		to->leaf[leaf]->nr = from->leaf[leaf]->nr;
		memcpy(to->leaf[leaf]->region, from->leaf[leaf]->region,
		       from->leaf[leaf]->nr * sizeof(struct region));
	}
	return OK;
}

void regions_clear(struct regions *set)
{
	while (set->nr_leaves > 0)
		drop_leaf(set, set->nr_leaves - 1);
}

static bool contains(const struct region *region, vir_bytes address)
{
	return region && region->start <= address && address < region->end;
}

/* What was found last, if it contains `address`; but for sets of several leaves. */
static const struct region *found_last(const struct regions *set, vir_bytes address)
{
	const struct region *region;

	if (set->nr_leaves != 1)
		return NULL;
	region = &set->leaf[0]->region[set->leaf[0]->last];
	return contains(region, address) ? region : NULL;
}

const struct region *regions_from(const struct regions *set, vir_bytes address)
{
	const struct region *region = found_last(set, address);

	return region ? region : at(set, seek(set, address));
}

const struct region *regions_first(const struct regions *set, vir_bytes start, vir_bytes end)
{
	const struct region *region = regions_from(set, start);

	return region && region->start < end ? region : NULL;
}

const struct region *regions_next(const struct regions *set, const struct region *region, vir_bytes end)
{
	const struct region_leaf *leaf = set->leaf[0];

	if (region->end >= end)
		return NULL;
	if (set->nr_leaves > 1)
		return regions_first(set, region->end, end);
	region++; /* mostly there is one leaf: no need to search */
	return region < leaf->region + leaf->nr && region->start < end ? region : NULL;
}

const struct region *regions_before(const struct regions *set, vir_bytes address)
{
	struct place place = seek(set, address);

	return step_back(set, &place);
}

const struct region *regions_find(const struct regions *set, vir_bytes address)
{
	const struct region *region = regions_from(set, address);

	return contains(region, address) ? region : NULL;
}

bool regions_empty(const struct regions *set, vir_bytes start, vir_bytes end)
{
	return !regions_first(set, start, end);
}

/* On i386 what can be written or executed can be read. */
bool region_allows(const struct region *region, bool write)
{
	return write ? (region->prot & VM_PROT_WRITE) != 0 : region->prot != 0;
}

/* Whether every address is in a region, and each of these suits. */
static bool all(const struct regions *set, vir_bytes start, vir_bytes end,
                bool (*suits)(const struct region *region, bool write), bool write)
{
	while (start < end) {
		const struct region *region = regions_from(set, start);

		if (!contains(region, start) || !suits(region, write))
			return false;
		start = region->end;
	}
	return true;
}

static bool anything(const struct region *region, bool write)
{
	(void)region;
	(void)write;
	return true;
}

bool regions_cover(const struct regions *set, vir_bytes start, vir_bytes end)
{
	return all(set, start, end, anything, false);
}

bool regions_allow(const struct regions *set, vir_bytes start, vir_bytes end, bool write)
{
	return all(set, start, end, region_allows, write);
}

vir_bytes regions_find_gap(const struct regions *set, uint32_t bytes)
{
	struct place place = seek(set, MMAP_TOP);
	const struct region *region = at(set, place);
	vir_bytes top = region && region->start < MMAP_TOP ? region->start : MMAP_TOP;

	while ((region = step_back(set, &place))) {
		if (top - region->end >= bytes)
			return top - bytes;
		top = region->start;
	}
	return top - PROC_MIN_ADDRESS >= bytes ? top - bytes : 0;
}

#define NO_LEAF REGION_LEAVES_MAX

/* The leaf of the region that a cut at `edge` parts; NO_LEAF: it parts none. */
static uint32_t leaf_cut(const struct regions *set, vir_bytes edge)
{
	struct place place = seek(set, edge);
	const struct region *region = at(set, place);

	return region && region->start < edge ? place.leaf : NO_LEAF;
}

/*
 * The leaf that a new region [start, end) goes to, once nothing else is there: that of the next region above,
 * or else of the last one below. NO_LEAF: the set will be empty.
 */
static uint32_t leaf_of_new(const struct regions *set, vir_bytes start, vir_bytes end)
{
	struct place place = seek(set, end);

	if (at(set, place))
		return place.leaf;
	place = seek(set, start - 1);
	if (at(set, place) && at(set, place)->start < start)
		return place.leaf;
	return step_back(set, &place) ? place.leaf : NO_LEAF;
}

/* Whether the changes in a leaf may take a new one. Half a leaf has room for all that happens in it. */
static bool takes_leaf(const struct regions *set, uint32_t leaf)
{
	return leaf != NO_LEAF && set->leaf[leaf]->nr + ROOM > REGION_LEAF_MAX;
}

/*
 * Counts every leaf that may be taken, and none that is given back meanwhile: below the reserve what is given
 * back can't be taken again.
 */
static bool leaves_suffice(const struct regions *set, vir_bytes start, vir_bytes end, bool insertion)
{
	uint32_t left = leaf_cut(set, start), right = leaf_cut(set, end);
	uint32_t leaves = takes_leaf(set, left) + (right != left && takes_leaf(set, right));

	if (insertion) {
		uint32_t home = leaf_of_new(set, start, end);

		leaves += home == NO_LEAF || (home != left && home != right && takes_leaf(set, home));
	}
	return leaves == 0 || (set->nr_leaves + leaves <= REGION_LEAVES_MAX && leaves <= pool_available());
}

bool regions_may_change(const struct regions *set, vir_bytes start, vir_bytes end, bool insertion)
{
	/* Most sets are one leaf, with room, which the change does not leave empty. */
	if (set->nr_leaves == 1 && !takes_leaf(set, 0) &&
	    (set->leaf[0]->region[0].start < start || leaf_end(set->leaf[0]) > end))
		return true;
	return leaves_suffice(set, start, end, insertion);
}

/* Whether the region that would stand at `place` is to be joined with one on either side. */
static bool continues(const struct regions *set, struct place place, const struct region *new)
{
	const struct region *right = at(set, place), *left = step_back(set, &place);

	return (right && region_continues(new, right)) || (left && region_continues(left, new));
}

void regions_insert(struct regions *set, const struct region *new)
{
	struct place place = seek(set, new->start);
	bool joins = continues(set, place, new);

	insert_at(set, place, new);
	if (joins)
		join(set, new->start, new->end);
}

void regions_remove(struct regions *set, vir_bytes start, vir_bytes end)
{
	struct place place = seek(set, start);
	struct region *region = at(set, place);

	if (region && region->start == start && region->end == end) {
		remove_at(set, place);
		return;
	}
	cut(set, start);
	cut(set, end);
	while ((region = at(set, seek(set, start))) && region->start < end)
		remove_at(set, seek(set, start));
}

void regions_protect(struct regions *set, vir_bytes start, vir_bytes end, uint32_t prot)
{
	cut(set, start);
	cut(set, end);
	for (struct place place = seek(set, start); at(set, place) && at(set, place)->start < end;
	     place = after(set, place))
		at(set, place)->prot = prot;
	join(set, start, end);
}

void regions_retype(struct regions *set, vir_bytes start, vir_bytes end, enum region_type type)
{
	for (struct place place = seek(set, start); at(set, place) && at(set, place)->start < end;
	     place = after(set, place)) {
		at(set, place)->type = type;
		at(set, place)->object = 0;
	}
	join(set, start, end);
}
