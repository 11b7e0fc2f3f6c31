/* SPDX-License-Identifier: MIT */
/*
 * Whether every invariant of a store holds: each block is in exactly one place; lists, tables and counters
 * agree. This file: free blocks, entries and what they have, labels, releases. store_check_owners.c: the
 * rest.
 */
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "store_check.h"

void checker_chain(struct checker *checker, uint32_t chain, uint32_t length, const char *fault)
{
	uint32_t chunks = chain_blocks(length);

	for (; chunks && claim(checker, chain, fault); chunks--)
		chain = ((struct chunk *)block_at(checker->store, chain))->next;
	must(checker, chain == 0, fault);
}

static void check_free(struct checker *checker)
{
	const struct store *store = checker->store;
	uint32_t block = store->header->free_first, count = 0;

	for (; block && claim(checker, block, "a free block is elsewhere, too"); count++)
		block = ((struct chunk *)block_at(store, block))->next;
	must(checker, count == store->header->free_count, "free blocks are not as many as counted");
}

/* ---- Mapped ranges and labels ---- */

static void check_map(struct checker *checker, const struct entry *entry)
{
	const struct store *store = checker->store;
	uint32_t above = entry->snapshot_number + 1, map = entry->snapshots;

	if (!claim(checker, entry->value, "a mapped range is missing, or elsewhere, too"))
		return;
	must(checker, map_at(store, entry->value)->told.number == 0,
	     "a mapped range has a snapshot's number");
	while (map && claim(checker, map, "a snapshot is elsewhere, too")) {
		uint32_t number = map_at(store, map)->told.number;

		must(checker, number > 0 && number < above, "snapshots are not in order");
		above = number;
		map = map_at(store, map)->next;
	}
}

static void check_labels(struct checker *checker)
{
	const struct store *store = checker->store;
	uint32_t count = 0;

	for (uint32_t i = 0; i < LABEL_BUCKETS && !checker->fault; i++)
		for (uint32_t entry = store->header->label_table[i]; entry && !checker->fault;) {
			const struct entry *this = entry_at(store, entry);

			must(checker,
			     checker->seen[entry] && this->type == DS_TYPE_LABEL &&
			             this->flags & ENTRY_PRESENT,
			     "what is found by endpoint is no label");
			must(checker, label_find(store, (endpoint_t)this->value) == entry,
			     "an endpoint has two labels");
			must(checker, ++count <= store->header->types[DS_TYPE_LABEL],
			     "a label is found twice");
			entry = this->label_next;
		}
	must(checker, count == store->header->types[DS_TYPE_LABEL], "a label is not found by its endpoint");
}

/* That each is seen already says that it is the value of an entry, or the like. */
static void check_ranges(struct checker *checker)
{
	const struct store *store = checker->store;
	uint32_t count = 0, previous = 0;

	for (uint32_t range = store->header->range_first; range && !checker->fault; count++) {
		const struct map *this = map_at(store, range);
		uint32_t entry = this->entry;

		if (!must(checker,
		          checker->seen[range] && entry > 0 && entry < store->header->fresh &&
		                  checker->seen[entry],
		          "a range of no entry"))
			return;
		must(checker,
		     entry_at(store, entry)->type == DS_TYPE_MAP && entry_at(store, entry)->value == range &&
		             this->range_previous == previous && count < store->header->types[DS_TYPE_MAP],
		     "the list of ranges is wrong");
		previous = range;
		range = this->range_next;
	}
	must(checker, count == store->header->types[DS_TYPE_MAP], "a range is not in the list of ranges");
}

static void check_releases(struct checker *checker)
{
	const struct store_header *header = checker->store->header;
	uint32_t map = header->release_first, last = 0, count = 0;

	for (; map && claim(checker, map, "what is to be released is elsewhere, too"); count++) {
		last = map;
		map = map_at(checker->store, map)->next;
	}
	must(checker, last == header->release_last && count == header->releases,
	     "the list of releases is wrong");
}

/* ---- Entries ---- */

/* Every notice of the entry names it, and each owner once. */
static void check_notices(struct checker *checker, uint32_t entry)
{
	const struct store *store = checker->store;
	uint32_t previous = 0, notice = entry_at(store, entry)->notices;

	for (; notice && claim(checker, notice, "a notice is elsewhere, too"); checker->notices++) {
		const struct notice *this = notice_at(store, notice);

		must(checker, this->entry == entry && this->entry_previous == previous,
		     "an entry's list of notices is wrong");
		if (!must(checker, this->owner > 0 && this->owner < store->header->fresh,
		          "a notice has no owner"))
			return;
		must(checker, checker->told[this->owner] != entry, "an owner has two notices of one entry");
		checker->told[this->owner] = entry;
		previous = notice;
		notice = this->entry_next;
	}
}

static void check_value(struct checker *checker, uint32_t entry)
{
	const struct store *store = checker->store;
	const struct entry *this = entry_at(store, entry);

	if (this->type == DS_TYPE_STR || this->type == DS_TYPE_MEM)
		checker_chain(checker, this->value, this->length, "a value's chain is wrong");
	else
		must(checker, this->length == 0, "a length without a chain");
	if (this->type == DS_TYPE_MAP)
		check_map(checker, this);
	if (this->type == DS_TYPE_LABEL)
		must(checker, label_find(store, (endpoint_t)this->value) == entry,
		     "an endpoint leads to another label");
	must(checker, this->position < store->header->entries && store->directory[this->position] == entry,
	     "an entry is not at its position");
}

static void check_deleted(struct checker *checker, const struct entry *entry)
{
	must(checker, entry->notices != 0, "a deleted entry of which nobody is to be told");
	must(checker, !(entry->value || entry->snapshots || entry->length), "a deleted entry has a value");
	checker->gone[entry->owner]++;
}

static void check_key(struct checker *checker, uint32_t entry, uint32_t bucket)
{
	const struct store *store = checker->store;
	const struct entry *this = entry_at(store, entry);
	char text[DS_KEY_SIZE];
	struct store_key key = {text, this->key_length, this->type};

	checker_chain(checker, this->key, this->key_length, "a key's chain is wrong");
	if (!must(checker, this->key_length <= DS_KEY_MAX, "a key is too long"))
		return;
	entry_key(store, this, text);
	must(checker, key_is_sound(&key) && this->hash == key_hash(store, &key),
	     "a key is wrong, or its hash");
	must(checker, (this->hash & (store->bucket_count - 1)) == bucket, "an entry is in a wrong bucket");
	must(checker, entry_find(store, &key, this->hash) == entry, "two entries have the same key and type");
}

static void check_entries(struct checker *checker)
{
	const struct store *store = checker->store;
	uint32_t types[DS_TYPES] = {0}, count = 0;

	for (uint32_t i = 0; i < store->bucket_count && !checker->fault; i++)
		for (uint32_t entry = store->buckets[i];
		     entry && claim(checker, entry, "an entry is elsewhere, too");
		     entry = entry_at(store, entry)->next) {
			const struct entry *this = entry_at(store, entry);

			check_key(checker, entry, i);
			if (!must(checker, this->owner > 0 && this->owner < store->header->fresh,
			          "an entry has no owner"))
				return;
			check_notices(checker, entry);
			if (!(this->flags & ENTRY_PRESENT)) {
				check_deleted(checker, this);
				continue;
			}
			check_value(checker, entry);
			types[this->type]++;
			count++;
		}
	must(checker, count == store->header->entries, "entries are not as many as counted");
	must(checker, memcmp(types, store->header->types, sizeof(types)) == 0,
	     "a type's entries are miscounted");
}

/* ---- All ---- */

static void check_all(struct checker *checker)
{
	const struct store_header *header = checker->store->header;

	must(checker, header->log_used == 0, "a transaction is under way");
	check_free(checker);
	check_entries(checker);
	check_labels(checker);
	check_ranges(checker);
	check_releases(checker);
	if (!checker->fault)
		checker_owners(checker);
	must(checker, checker->blocks + 1 == header->fresh, "a block is lost");
}

const char *store_check(const struct store *store)
{
	struct checker checker = {.store = store};

	checker.seen = calloc(store->block_count, sizeof(*checker.seen));
	checker.gone = calloc(store->block_count, sizeof(*checker.gone));
	checker.told = calloc(store->block_count, sizeof(*checker.told));
	if (must(&checker, checker.seen && checker.gone && checker.told, "no memory to look"))
		check_all(&checker);
	free(checker.seen);
	free(checker.gone);
	free(checker.told);
	return checker.fault;
}
