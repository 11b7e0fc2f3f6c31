/* SPDX-License-Identifier: MIT */
/* Walks two ranges of pages at once. All is inline, so that the compiler puts the visitor into the loop. */
#ifndef VM_PAIRS_H
#define VM_PAIRS_H

#include <granite/abi/errno.h>

#include "pagetable.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

struct page_pair {
	vir_bytes from, to;
	uint32_t *from_entry, *to_entry;
};
typedef int pagetable_pair_visitor(void *context, const struct page_pair *pair);

/* Bytes up to the end of the table that maps `address`. */
static inline uint32_t left_in_table(vir_bytes address)
{
	return BIG_PAGE_SIZE - address % BIG_PAGE_SIZE;
}

static inline uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Pages whose entries are in one table on either side. */
ALWAYS_INLINE int visit_pairs(struct page_pair pair, uint32_t bytes, pagetable_pair_visitor *visit,
                              void *context)
{
	int result = OK;

	for (vir_bytes end = pair.from + bytes; pair.from < end && result == OK;) {
		result = visit(context, &pair);
		pair.from += PAGE_SIZE;
		pair.to += PAGE_SIZE;
		pair.from_entry++;
		pair.to_entry++;
	}
	return result;
}

/*
 * Calls `visit` for each pair of pages, whatever is there; tables that are missing are made. Ends with the
 * first result that is not OK, or with -ENOMEM.
 */
ALWAYS_INLINE int pagetable_each_pair(struct pagetable *from_pt, vir_bytes from, struct pagetable *to_pt,
                                      vir_bytes to, uint32_t bytes, pagetable_pair_visitor *visit,
                                      void *context)
{
	int result = OK;

	while (bytes > 0 && result == OK) {
		uint32_t now = least(bytes, least(left_in_table(from), left_in_table(to)));
		struct page_pair pair = {from, to, pagetable_make(from_pt, from), pagetable_make(to_pt, to)};

		if (!pair.from_entry || !pair.to_entry)
			return -ENOMEM;
		result = visit_pairs(pair, now, visit, context);
		from += now;
		to += now;
		bytes -= now;
	}
	return result;
}

#endif
