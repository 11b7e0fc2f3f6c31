/* SPDX-License-Identifier: MIT */
/* What was found, in the order in which it is looked up. See graph.h. */
#include <stdlib.h>

#include "graph.h"

#define COMPARE(left, right)                              \
	do {                                              \
		if ((left) != (right))                    \
			return (left) < (right) ? -1 : 1; \
	} while (0)

/* 0: the same mapping. No two that differ are by one grant at one place of the holder's. */
static int compare_places(const struct vm_lending *a, const struct vm_lending *b)
{
	const struct grant_link *a_link = mapping_link(a), *b_link = mapping_link(b);

	COMPARE(a->holder, b->holder);
	COMPARE(a->start, b->start);
	COMPARE(a->bytes, b->bytes);
	COMPARE(a->source, b->source);
	COMPARE(a_link ? a_link->endpoint : NONE, b_link ? b_link->endpoint : NONE);
	COMPARE(a_link ? a_link->id : GRANT_INVALID, b_link ? b_link->id : GRANT_INVALID);
	return 0;
}

static int compare_mappings(const void *a, const void *b)
{
	const struct found_mapping *left = a, *right = b;
	int order = compare_places(&left->lending, &right->lending);

	if (order)
		return order;
	return left->age < right->age ? -1 : left->age > right->age;
}

void found_sort(struct found *found)
{
	uint32_t kept = 0;

	if (found->nr_mappings == 0)
		return;
	qsort(found->mappings, found->nr_mappings, sizeof(found->mappings[0]), compare_mappings);
	for (uint32_t i = 1; i < found->nr_mappings; i++)
		if (compare_places(&found->mappings[kept].lending, &found->mappings[i].lending))
			found->mappings[++kept] = found->mappings[i];
	found->nr_mappings = kept + 1;
}

uint32_t found_first(const struct found *found, endpoint_t holder, uint64_t from)
{
	uint32_t low = 0, high = found->nr_mappings;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct vm_lending *lending = &found->mappings[middle].lending;

		if (lending->holder < holder || (lending->holder == holder && lending->start < from))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int contains(const struct vm_lending *mapping, vir_bytes start, uint32_t bytes)
{
	uint32_t offset = start - mapping->start;

	return offset < mapping->bytes && bytes <= mapping->bytes - offset;
}

const struct vm_lending *found_giving(const struct found *found, endpoint_t holder, vir_bytes start,
                                      uint32_t bytes)
{
	const struct found_mapping *best = NULL;

	for (uint32_t i = found_first(found, holder, (uint64_t)start + 1); i-- > 0;) {
		const struct found_mapping *mapping = &found->mappings[i];

		if (mapping->lending.holder != holder)
			break;
		if (contains(&mapping->lending, start, bytes) && (!best || mapping->age < best->age))
			best = mapping;
	}
	return best ? &best->lending : NULL;
}

void found_free(struct found *found)
{
	free(found->grants);
	free(found->mappings);
	*found = (struct found){0};
}

const struct grant_link *mapping_link(const struct vm_lending *mapping)
{
	return mapping->nr_links ? &mapping->link[0] : NULL;
}
