/* SPDX-License-Identifier: MIT */
/* What the files of store_check() share. */
#ifndef DS_STORE_CHECK_H
#define DS_STORE_CHECK_H

#include "store_core.h"

struct checker {
	const struct store *store;
	const char *fault; /* the first that was found */
	uint8_t *seen;     /* by block: it has been found somewhere */
	uint32_t *gone;    /* by owner's block: deleted entries that name it */
	uint32_t *told;  /* by owner's block: the entry whose notices were looked at last and that had one for
	                    it */
	uint32_t blocks; /* seen */
	uint32_t notices; /* in the lists of entries */
};

void checker_owners(struct checker *checker);

/* Notes the fault if the condition does not hold; returns whether none was found so far. */
static inline int must(struct checker *checker, int condition, const char *fault)
{
	if (!condition && !checker->fault)
		checker->fault = fault;
	return !checker->fault;
}

/* The block exists and is found for the first time: so no loop over `next` goes on for ever. */
static inline int claim(struct checker *checker, uint32_t block, const char *fault)
{
	if (!must(checker, block > 0 && block < checker->store->header->fresh, fault) ||
	    !must(checker, !checker->seen[block], fault))
		return 0;
	checker->seen[block] = 1;
	checker->blocks++;
	return 1;
}

/* A chain of exactly as many chunks as the length needs. */
void checker_chain(struct checker *checker, uint32_t chain, uint32_t length, const char *fault);

#endif
