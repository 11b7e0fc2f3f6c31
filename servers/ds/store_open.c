/* SPDX-License-Identifier: MIT */
/* Opening: where everything lies in the memory, a new store, and what a predecessor has left. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store_core.h"

#define LOG_BASE                                                                                  \
	256 /* records for what is not about subscribers; the largest part is freeing and linking \
	     */
#define LOG_PER_OWNER      24 /* records for telling one of them of two entries */
#define BLOCKS_MIN         64
#define RESERVE_MAX        90
#define ENTRIES_PER_BUCKET 4  /* if there is nothing but entries */
#define OWNER_SHARE        64 /* so many times as many buckets entries have as owners */
#define LABEL_BLOCKS                                                                                       \
	512             /* kept for them: each label is two, and may have an owner, which is two; or less: \
	                 */
#define LABELS_SHARE 16 /* of so many blocks one at most */

void store_config_default(struct store_config *config)
{
	*config = (struct store_config){
	        .subscriptions = STORE_SUBSCRIPTIONS,
	        .process = {.entries = 16384, .bytes = 0x200000, .subscriptions = 32, .notices = 4096},
	        .service = {.entries = 100000, .bytes = 0x1000000, .subscriptions = 256, .notices = 32768},
	        .process_cost = 640,
	        .service_cost = 2048,
	        .cost = STORE_COST,
	        .reserve = 25,
	};
}

/* ---- Layout ---- */

static uint32_t power_of_two_up_to(uint32_t number)
{
	uint32_t power = 1;

	while (power <= number / 2)
		power *= 2;
	return power;
}

/* Where the table begins that is put at *at; *at is moved behind it. */
static void *place(const struct store *store, uint32_t *at, uint64_t bytes)
{
	uint8_t *table = (uint8_t *)store->header + *at;

	*at += (uint32_t)(bytes + STORE_BLOCK_BYTES - 1) / STORE_BLOCK_BYTES * STORE_BLOCK_BYTES;
	return table;
}

static void keep_blocks(struct store *store)
{
	uint32_t labels = store->block_count / LABELS_SHARE;
	uint32_t reserve = (uint32_t)((uint64_t)store->block_count * store->config.reserve / 100);

	labels = labels < LABEL_BLOCKS ? labels : LABEL_BLOCKS;
	store->kept_blocks[FOR_LABELS] = 0;
	store->kept_blocks[FOR_SERVICES] = labels;
	store->kept_blocks[FOR_PROCESSES] = reserve > labels ? reserve : labels;
}

/* An entry takes two blocks at least, so more positions than that are not needed. What stands before the list
 * of entries is present from the start. */
static int lay_out(struct store *store, uint32_t bytes, uint32_t slots)
{
	uint32_t at = 0, entries = bytes / STORE_BLOCK_BYTES / 2, fixed;

	store->journal = (struct journal){.memory = (uint8_t *)store->header,
	                                  .bytes = bytes,
	                                  .used = &store->header->log_used,
	                                  .size = LOG_BASE + slots * LOG_PER_OWNER};
	store->bucket_count = power_of_two_up_to(entries / ENTRIES_PER_BUCKET);
	store->directory_size = entries;
	place(store, &at, HEADER_BYTES);
	store->journal.records = place(store, &at, store->journal.size * sizeof(struct journal_record));
	store->answers = place(store, &at, ENDPOINT_SLOTS * sizeof(struct answer));
	store->buckets = place(store, &at, store->bucket_count * sizeof(uint32_t));
	store->owner_buckets = store->bucket_count > OWNER_SHARE ? store->bucket_count / OWNER_SHARE : 1;
	store->owners = place(store, &at, store->owner_buckets * sizeof(uint32_t));
	store->slots = place(store, &at, slots * sizeof(struct subscription));
	fixed = at;
	store->directory = place(store, &at, entries * sizeof(uint32_t));
	store->blocks = (uint8_t *)store->header + at;
	if (at + BLOCKS_MIN * STORE_BLOCK_BYTES > bytes)
		return -ENOSPC;
	store->block_count = (bytes - at) / STORE_BLOCK_BYTES;
	keep_blocks(store);
	return store->config.make_present ? store->config.make_present(store->header, fixed, 0) : OK;
}

/* ---- A new store ---- */

static int is_zero(const void *memory)
{
	const uint32_t *words = memory;

	for (uint32_t i = 0; i < HEADER_BYTES / sizeof(*words); i++)
		if (words[i])
			return 0;
	return 1;
}

/* Killed in here, the memory is neither zeros nor a store; STORE_MAKING says that it may be made again. */
static void make(struct store_header *header, uint32_t bytes, const struct store_config *config)
{
	size_t rest = offsetof(struct store_header, version);

	journal_store(&header->magic, STORE_MAKING);
	journal_barrier();
	memset((uint8_t *)header + rest, 0, sizeof(*header) - rest);
	header->version = STORE_VERSION;
	header->bytes = bytes;
	header->slots = config->subscriptions;
	header->secret[0] = (uint32_t)config->secret;
	header->secret[1] = (uint32_t)(config->secret >> 32);
	header->fresh = 1; /* block 0 is none */
	journal_barrier();
	journal_store(&header->magic, STORE_MAGIC);
}

/* ---- An old one ---- */

static int check_header(const struct store_header *header, uint32_t bytes)
{
	if (header->magic != STORE_MAGIC)
		return -EINVAL;
	if (header->version != STORE_VERSION)
		return -ENOTSUP;
	if (header->bytes != bytes)
		return -ERANGE;
	return header->slots >= 1 && header->slots <= STORE_SUBSCRIPTIONS ? OK : -EINVAL;
}

static int counts_are_sound(const struct store *store)
{
	const struct store_header *header = store->header;

	return header->fresh >= 1 && header->fresh <= store->block_count &&
	       header->free_count < header->fresh && header->entries <= store->directory_size;
}

static int compile_all(struct store *store)
{
	uint32_t count = 0;
	char pattern[DS_PATTERN_MAX];

	for (uint32_t slot = 0; slot < store->header->slots && count < store->header->subscriptions; slot++) {
		const struct subscription *this = &store->slots[slot];
		int result;

		if (!this->owner)
			continue;
		chain_read(store, this->pattern, pattern, this->length);
		result = watch_add(store->watch, slot, pattern, this->length);
		if (result != OK)
			return result;
		count++;
	}
	return count == store->header->subscriptions ? OK : -EINVAL;
}

/* It may be that they were to be woken, and were not. */
static void wake_all(struct store *store)
{
	for (uint32_t i = 0; i < store->owner_buckets; i++)
		for (uint32_t owner = store->owners[i]; owner; owner = owner_at(store, owner)->next) {
			const struct owner *this = owner_at(store, owner);

			if ((!this->first_notice && !this->lost) || this->died == OWNER_ENDS)
				continue;
			tx_begin(store);
			owner_wake(store, owner);
			tx_commit(store);
		}
}

static int take_over(struct store *store)
{
	int result = journal_recover(&store->journal);

	if (result != OK)
		return result;
	if (!counts_are_sound(store))
		return -EINVAL;
	store->present_blocks = store->header->fresh;
	store->present_positions = store->header->entries;
	result = labels_present(store);
	if (result != OK)
		return result;
	store->watch = watch_new(store->header->slots, store->header->secret[0]);
	store->marked = calloc(store->header->slots, sizeof(*store->marked));
	if (!store->watch || !store->marked)
		return -ENOMEM;
	result = compile_all(store);
	if (result != OK)
		return result;
	owners_unmark(store);
	wake_all(store);
	return OK;
}

/* ---- Opening ---- */

static int check_config(const struct store_config *config)
{
	return config->subscriptions >= 1 && config->subscriptions <= STORE_SUBSCRIPTIONS &&
	                       config->reserve <= RESERVE_MAX
	               ? OK
	               : -EINVAL;
}

static int open_memory(struct store *store, uint32_t bytes)
{
	struct store_header *header = store->header;
	int is_new = is_zero(header) || header->magic == STORE_MAKING;
	int result = is_new ? OK : check_header(header, bytes);

	if (result != OK)
		return result;
	result = lay_out(store, bytes, is_new ? store->config.subscriptions : header->slots);
	if (result != OK)
		return result;
	if (is_new)
		make(header, bytes, &store->config);
	return take_over(store);
}

int store_open(struct store **opened, void *memory, uint32_t bytes, const struct store_config *config)
{
	struct store *store;
	int result = check_config(config);

	if (result != OK || (uintptr_t)memory % STORE_BLOCK_BYTES)
		return -EINVAL;
	if (bytes < STORE_BYTES_MIN || bytes > STORE_BYTES_MAX)
		return -ENOSPC;
	store = calloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	store->header = memory;
	store->config = *config;
	result = open_memory(store, bytes);
	if (result == OK)
		*opened = store;
	else
		store_close(store);
	return result;
}

void store_close(struct store *store)
{
	watch_free(store->watch);
	free(store->marked);
	free(store);
}
