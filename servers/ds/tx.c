/* SPDX-License-Identifier: MIT */
/* Transactions of the store: those of its journal. */
#include "store_core.h"

void tx_begin(struct store *store)
{
	assert(!journal_is_open(&store->journal));
	store->freeing = 0;
}

void tx_set(struct store *store, uint32_t *word, uint32_t value)
{
	journal_set(&store->journal, word, value);
}

void tx_add(struct store *store, uint32_t *word, int32_t change)
{
	tx_set(store, word, *word + (uint32_t)change);
}

void tx_commit(struct store *store)
{
	journal_commit(&store->journal);
}
