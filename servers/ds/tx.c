/* SPDX-License-Identifier: MIT */
/*
 * Transactions, by an undo log.
 *
 *     tx_set:     log[n] = {where, old value}   |   log_used = n + 1   |   the word = new value
 *     tx_commit:  log_used = 0
 *     recovery:   log[n - 1] ... log[0]: the word = old value   |   log_used = 0
 *
 * At each | everything before it has been stored before anything after it. A kill between any two
 * instructions finds either log_used == 0, and all words are as the last commit left them; or log_used == n,
 * and the first n records name every word that may differ. Going back through them is the same done once,
 * twice or in part and then again. There is one processor, which sees its own stores in order, so only the
 * compiler has to be kept from moving them.
 */
#include "store_core.h"

static uint8_t *memory_of(const struct store *store)
{
	return (uint8_t *)store->header;
}

void tx_begin(struct store *store)
{
	assert(store->header->log_used == 0);
	store->freeing = 0;
}

void tx_set(struct store *store, uint32_t *word, uint32_t value)
{
	uint32_t used = store->header->log_used;
	struct undo *undo = &store->log[used];

	assert(used < store->log_size);
	undo->offset = (uint32_t)((uint8_t *)word - memory_of(store));
	undo->old = *word;
	in_order();
	store_word(&store->header->log_used, used + 1);
	in_order();
	store_word(word, value);
}

void tx_add(struct store *store, uint32_t *word, int32_t change)
{
	tx_set(store, word, *word + (uint32_t)change);
}

void tx_commit(struct store *store)
{
	in_order();
	store_word(&store->header->log_used, 0);
	in_order();
}

static int log_is_sound(const struct store *store)
{
	uint32_t used = store->header->log_used;

	if (used > store->log_size)
		return 0;
	for (uint32_t i = 0; i < used; i++)
		if (store->log[i].offset > store->header->bytes - sizeof(uint32_t) ||
		    store->log[i].offset % 4)
			return 0;
	return 1;
}

int tx_recover(struct store *store)
{
	if (!log_is_sound(store))
		return -EINVAL;
	for (uint32_t i = store->header->log_used; i-- > 0;)
		store_word((uint32_t *)(memory_of(store) + store->log[i].offset), store->log[i].old);
	tx_commit(store);
	return OK;
}
