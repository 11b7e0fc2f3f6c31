/* SPDX-License-Identifier: MIT */
/*
 * Blocks and chains of them. Those that were never used lie behind `fresh`; those that are free again form
 * a chain through their first words, and that is all that is kept in them: a block taken from it may be
 * filled at once, and is as good as before if the transaction is undone.
 */
#include <string.h>

#include "store_core.h"

static struct chunk *chunk_at(const struct store *store, uint32_t block)
{
	return block_at(store, block);
}

uint32_t blocks_free(const struct store *store)
{
	return store->header->free_count + store->block_count - store->header->fresh;
}

/* ---- Memory for them ---- */

#define PRESENT_BYTES   0x8000u /* at a time */
#define LABEL_POSITIONS 256u    /* more than there are services */

/* Of the table's items all before `end`, and some more; `count`: how many it has. */
static int make_present(struct store *store, void *table, uint32_t bytes_of_item, uint32_t *present,
                        uint32_t end, uint32_t count, int grows)
{
	uint8_t *from = (uint8_t *)table + *present * bytes_of_item;
	uint32_t to = end + PRESENT_BYTES / bytes_of_item;
	int result = OK;

	if (to > count)
		to = count;
	if (store->config.make_present)
		result = store->config.make_present(from, (to - *present) * bytes_of_item, grows);
	if (result == OK)
		*present = to;
	return result;
}

static int blocks_present(struct store *store, uint32_t blocks, int grows)
{
	uint32_t linked = store->header->free_count;
	uint32_t end = store->header->fresh + (blocks > linked ? blocks - linked : 0);

	if (end > store->block_count)
		end = store->block_count;
	if (end <= store->present_blocks)
		return OK;
	return make_present(store, store->blocks, STORE_BLOCK_BYTES, &store->present_blocks, end,
	                    store->block_count, grows);
}

static int positions_present(struct store *store, uint32_t positions, int grows)
{
	uint32_t end = store->header->entries + positions;

	if (end > store->directory_size)
		end = store->directory_size;
	if (end <= store->present_positions)
		return OK;
	return make_present(store, store->directory, sizeof(*store->directory), &store->present_positions,
	                    end, store->directory_size, grows);
}

int blocks_are_present(struct store *store, uint32_t blocks, enum blocks_for whom)
{
	uint32_t labels = whom == FOR_LABELS ? 0 : store->kept_blocks[FOR_SERVICES];

	return blocks_present(store, blocks + labels, 1) == OK;
}

int position_is_present(struct store *store, enum blocks_for whom)
{
	return positions_present(store, 1 + (whom == FOR_LABELS ? 0 : LABEL_POSITIONS), 1) == OK;
}

int labels_present(struct store *store)
{
	int result = blocks_present(store, store->kept_blocks[FOR_SERVICES], 0);

	return result == OK ? positions_present(store, LABEL_POSITIONS, 0) : result;
}

/* ---- One ---- */

/* A block whose first word is 0; the rest is whatever it was. */
static uint32_t take(struct store *store)
{
	struct store_header *header = store->header;
	uint32_t block = header->free_first;

	/* What is freed in this transaction must not be overwritten before it has been committed. */
	assert(!store->freeing);
	if (block) {
		tx_set(store, &header->free_first, chunk_at(store, block)->next);
		tx_add(store, &header->free_count, -1);
		tx_set(store, &chunk_at(store, block)->next, 0);
		return block;
	}
	assert(header->fresh < store->present_blocks);
	block = header->fresh;
	tx_set(store, &header->fresh, block + 1);
	chunk_at(store, block)->next = 0;
	return block;
}

uint32_t block_take(struct store *store)
{
	uint32_t block = take(store);

	memset(chunk_at(store, block)->bytes, 0, CHUNK_BYTES);
	return block;
}

/* Puts a chain that ends with `last` in front of those that are free. */
static void free_chain(struct store *store, uint32_t first, uint32_t last, uint32_t blocks)
{
	struct store_header *header = store->header;

	tx_set(store, &chunk_at(store, last)->next, header->free_first);
	tx_set(store, &header->free_first, first);
	tx_add(store, &header->free_count, (int32_t)blocks);
	store->freeing = 1;
}

void block_free(struct store *store, uint32_t block)
{
	free_chain(store, block, block, 1);
}

/* ---- Chains ---- */

uint32_t chain_blocks(uint32_t length)
{
	return (length + CHUNK_BYTES - 1) / CHUNK_BYTES;
}

/* Takes a whole chain from those that are free: they are linked already, so three words change. */
static uint32_t take_linked(struct store *store, uint32_t blocks)
{
	struct store_header *header = store->header;
	uint32_t first = header->free_first, last = first;

	for (uint32_t i = 1; i < blocks; i++)
		last = chunk_at(store, last)->next;
	tx_set(store, &header->free_first, chunk_at(store, last)->next);
	tx_add(store, &header->free_count, -(int32_t)blocks);
	tx_set(store, &chunk_at(store, last)->next, 0);
	return first;
}

static uint32_t take_fresh(struct store *store, uint32_t blocks)
{
	uint32_t first = store->header->fresh;

	assert(store->present_blocks - first >= blocks);
	tx_set(store, &store->header->fresh, first + blocks);
	for (uint32_t i = 0; i < blocks; i++)
		chunk_at(store, first + i)->next = i + 1 < blocks ? first + i + 1 : 0;
	return first;
}

/* Part from those that are free again, the rest from fresh ones. */
static uint32_t take_chain(struct store *store, uint32_t blocks)
{
	uint32_t linked = store->header->free_count, fresh, last;

	assert(!store->freeing);
	linked = linked < blocks ? linked : blocks;
	if (linked == blocks)
		return take_linked(store, blocks);
	fresh = take_fresh(store, blocks - linked);
	if (linked == 0)
		return fresh;
	last = fresh + (blocks - linked) - 1;
	chunk_at(store, last)->next = take_linked(store, linked);
	return fresh;
}

uint32_t chain_take(struct store *store, const void *bytes, uint32_t length)
{
	uint32_t first = length ? take_chain(store, chain_blocks(length)) : 0;
	const uint8_t *from = bytes;

	for (uint32_t block = first; block; block = chunk_at(store, block)->next) {
		uint32_t part = length < CHUNK_BYTES ? length : CHUNK_BYTES;

		memcpy(chunk_at(store, block)->bytes, from, part);
		from += part;
		length -= part;
	}
	return first;
}

void chain_free(struct store *store, uint32_t chain)
{
	uint32_t last = chain, blocks = 1;

	if (!chain)
		return;
	for (; chunk_at(store, last)->next; last = chunk_at(store, last)->next)
		blocks++;
	free_chain(store, chain, last, blocks);
}

void chain_read(const struct store *store, uint32_t chain, void *buffer, uint32_t length)
{
	uint8_t *to = buffer;

	for (; length; chain = chunk_at(store, chain)->next) {
		uint32_t part = length < CHUNK_BYTES ? length : CHUNK_BYTES;

		memcpy(to, chunk_at(store, chain)->bytes, part);
		to += part;
		length -= part;
	}
}

int chain_equals(const struct store *store, uint32_t chain, const void *bytes, uint32_t length)
{
	const uint8_t *with = bytes;

	for (; length; chain = chunk_at(store, chain)->next) {
		uint32_t part = length < CHUNK_BYTES ? length : CHUNK_BYTES;

		if (memcmp(chunk_at(store, chain)->bytes, with, part) != 0)
			return 0;
		with += part;
		length -= part;
	}
	return 1;
}
