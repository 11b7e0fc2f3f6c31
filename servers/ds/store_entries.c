/* SPDX-License-Identifier: MIT */
/*
 * Entries: the hash table by key and type, the list of all, and the lists of their owners; who may do what.
 * A deleted entry stays in the hash table, and only there, while somebody is still to be told of it.
 */
#include <string.h>

#include "hash.h"
#include "store_core.h"

/* ---- Keys ---- */

int key_is_sound(const struct store_key *key)
{
	return key->length >= 1 && key->length <= DS_KEY_MAX && key->type >= DS_TYPE_U32 &&
	       key->type < DS_TYPES && !memchr(key->text, '\0', key->length);
}

uint32_t key_hash(const struct store *store, const struct store_key *key)
{
	return hash_bytes(store->header->secret, key->text, key->length) + key->type;
}

static uint32_t *bucket_of(const struct store *store, uint32_t hash)
{
	return &store->buckets[hash & (store->bucket_count - 1)];
}

static int has_key(const struct store *store, const struct entry *entry, const struct store_key *key,
                   uint32_t hash)
{
	return entry->hash == hash && entry->type == key->type && entry->key_length == key->length &&
	       chain_equals(store, entry->key, key->text, key->length);
}

uint32_t entry_find(const struct store *store, const struct store_key *key, uint32_t hash)
{
	uint32_t entry = *bucket_of(store, hash);

	while (entry && !has_key(store, entry_at(store, entry), key, hash))
		entry = entry_at(store, entry)->next;
	return entry;
}

uint32_t entry_present(const struct store *store, const struct store_key *key)
{
	uint32_t entry = entry_find(store, key, key_hash(store, key));

	return entry && entry_at(store, entry)->flags & ENTRY_PRESENT &&
	                       !entry_is_gone(store, entry_at(store, entry))
	               ? entry
	               : 0;
}

int entry_ends(const struct store *store, const struct entry *entry)
{
	uint32_t died = owner_at(store, entry->owner)->died;

	return died == OWNER_ENDS || (died && entry->type == DS_TYPE_MAP);
}

void entry_key(const struct store *store, const struct entry *entry, char key[DS_KEY_SIZE])
{
	memset(key, 0, DS_KEY_SIZE);
	chain_read(store, entry->key, key, entry->key_length);
}

static int is_inline(const struct entry *entry)
{
	return entry->type == DS_TYPE_U32 || entry->type == DS_TYPE_LABEL;
}

void entry_tell(const struct store *store, const struct entry *entry, struct store_entry *told)
{
	memset(told, 0, sizeof(*told));
	entry_key(store, entry, told->key);
	told->type = entry->type;
	told->flags = entry->flags & DSF_PRIV;
	told->number = is_inline(entry) ? entry->value : 0;
	told->length = entry->type == DS_TYPE_MAP && entry->value ? map_at(store, entry->value)->told.length
	                                                          : entry->length;
	owner_tell(store, entry->owner, &told->owner);
}

/* ---- Who may ---- */

/* All authorisation. `owns`: the caller is the entry's owner. */
static int may(const struct entry *entry, int owns, int is_rs, enum action action)
{
	static const uint32_t private_to[] = {
	        [ACTION_RETRIEVE] = DSF_PRIV_RETRIEVE,
	        [ACTION_OVERWRITE] = DSF_PRIV_OVERWRITE,
	        [ACTION_SNAPSHOT] = DSF_PRIV_SNAPSHOT,
	        [ACTION_SUBSCRIBE] = DSF_PRIV_SUBSCRIBE,
	};
	int changes = action == ACTION_OVERWRITE || action == ACTION_DELETE;

	if (entry->type == DS_TYPE_LABEL && changes)
		return is_rs;
	if (owns)
		return 1;
	/* A mapped range is its publisher's memory: nobody can put another in its place. */
	if (action == ACTION_DELETE || (entry->type == DS_TYPE_MAP && changes))
		return 0;
	return !(entry->flags & private_to[action]);
}

int entry_may(const struct store *store, const struct entry *entry, const struct store_caller *caller,
              enum action action)
{
	return may(entry, owner_is(store, entry->owner, &caller->owner), caller->is_rs, action);
}

int entry_is_shown(const struct entry *entry, uint32_t owner)
{
	return may(entry, entry->owner == owner, 0, ACTION_SUBSCRIBE);
}

/* ---- Making ---- */

uint32_t entry_make(struct store *store, const struct store_key *key, uint32_t hash, uint32_t owner)
{
	uint32_t entry = block_take(store), *bucket = bucket_of(store, hash);
	struct entry *this = entry_at(store, entry);

	this->hash = hash;
	this->type = key->type;
	this->key = chain_take(store, key->text, key->length);
	this->key_length = key->length;
	this->owner = owner;
	tx_set(store, &this->next, *bucket);
	tx_set(store, bucket, entry);
	tx_add(store, &owner_at(store, owner)->gone, 1);
	return entry;
}

static void join_owner(struct store *store, uint32_t entry, uint32_t owner)
{
	struct entry *this = entry_at(store, entry);
	struct owner *to = owner_at(store, owner);

	tx_set(store, &this->owner, owner);
	tx_set(store, &this->owner_previous, 0);
	tx_set(store, &this->owner_next, to->first_entry);
	if (to->first_entry)
		tx_set(store, &entry_at(store, to->first_entry)->owner_previous, entry);
	tx_set(store, &to->first_entry, entry);
	tx_add(store, &to->used.entries, 1);
	tx_add(store, &to->used.bytes, (int32_t)this->key_length);
}

static void leave_owner(struct store *store, uint32_t entry)
{
	struct entry *this = entry_at(store, entry);
	struct owner *owner = owner_at(store, this->owner);

	if (this->owner_previous)
		tx_set(store, &entry_at(store, this->owner_previous)->owner_next, this->owner_next);
	else
		tx_set(store, &owner->first_entry, this->owner_next);
	if (owner->died == entry)
		tx_set(store, &owner->died, this->owner_next);
	if (this->owner_next)
		tx_set(store, &entry_at(store, this->owner_next)->owner_previous, this->owner_previous);
	tx_add(store, &owner->used.entries, -1);
	tx_add(store, &owner->used.bytes, -(int32_t)this->key_length);
}

void entry_charge(struct store *store, struct entry *entry, uint32_t length)
{
	struct owner *owner = owner_at(store, entry->owner);

	tx_add(store, &owner->used.bytes, (int32_t)(length - entry->length));
	tx_set(store, &entry->length, length);
}

void entry_show(struct store *store, uint32_t entry, uint32_t owner, uint32_t flags)
{
	struct store_header *header = store->header;
	struct entry *this = entry_at(store, entry);

	tx_add(store, &owner_at(store, this->owner)->gone, -1);
	join_owner(store, entry, owner);
	tx_set(store, &this->flags, flags | ENTRY_PRESENT);
	tx_set(store, &this->position, header->entries);
	tx_set(store, &store->directory[header->entries], entry);
	tx_add(store, &header->entries, 1);
	tx_add(store, &header->types[this->type], 1);
}

/* ---- Deleting ---- */

void value_drop(struct store *store, uint32_t type, uint32_t value, uint32_t snapshots)
{
	if (type == DS_TYPE_STR || type == DS_TYPE_MEM)
		chain_free(store, value);
	if (type == DS_TYPE_MAP)
		range_end(store, value, snapshots);
}

/* The last of the list takes its place. */
static void leave_directory(struct store *store, const struct entry *entry)
{
	struct store_header *header = store->header;
	uint32_t hole = entry->position, last = header->entries - 1;

	if (hole != last) {
		initials_pass(store, last, hole);
		tx_set(store, &store->directory[hole], store->directory[last]);
		tx_set(store, &entry_at(store, store->directory[hole])->position, hole);
	}
	tx_add(store, &header->entries, -1);
	tx_add(store, &header->types[entry->type], -1);
}

void entry_end(struct store *store, uint32_t entry, uint32_t what)
{
	struct entry *this = entry_at(store, entry);
	uint32_t value = this->value, snapshots = this->snapshots;

	notices_tell(store, entry, what);
	if (this->type == DS_TYPE_LABEL)
		label_unlink(store, entry);
	entry_charge(store, this, 0);
	leave_directory(store, this);
	leave_owner(store, entry);
	tx_add(store, &owner_at(store, this->owner)->gone, 1);
	tx_set(store, &this->flags, this->flags & ~ENTRY_PRESENT);
	tx_set(store, &this->value, 0);
	tx_set(store, &this->snapshots, 0);
	value_drop(store, this->type, value, snapshots);
	entry_tidy(store, entry);
}

void entry_tidy(struct store *store, uint32_t entry)
{
	struct entry *this = entry_at(store, entry);
	uint32_t *link = bucket_of(store, this->hash);

	if (this->notices || this->flags & ENTRY_PRESENT)
		return;
	while (*link != entry)
		link = &entry_at(store, *link)->next;
	tx_set(store, link, this->next);
	tx_add(store, &owner_at(store, this->owner)->gone, -1);
	owner_tidy(store, this->owner);
	chain_free(store, this->key);
	block_free(store, entry);
}
