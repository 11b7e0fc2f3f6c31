/* SPDX-License-Identifier: MIT */
/*
 * Publishing, retrieving and deleting. All ways of publishing are the same but for the value: everything is
 * checked first, then one transaction does it, in which nothing can fail.
 */
#include <string.h>

#include "store_core.h"

/* What is to be published, and what the checks have found. */
struct draft {
	const struct store_caller *caller;
	const struct store_key *key;
	uint32_t flags, hash;
	uint32_t length, blocks; /* of the value: bytes that its owner is charged, and what it takes */

	uint32_t entry; /* 0: there is none, not even a deleted one */
	int present;
	uint32_t owner; /* who will be the owner; 0: has to be made */
	uint32_t old_owner, old_value, old_snapshots;
};

/* ---- Checking ---- */

static int find(const struct store *store, struct draft *draft)
{
	const struct store_caller *caller = draft->caller;
	const struct entry *entry;

	draft->hash = key_hash(store, draft->key);
	draft->entry = entry_find(store, draft->key, draft->hash);
	draft->owner = owner_find(store, &caller->owner);
	if (!draft->entry)
		return OK;
	entry = entry_at(store, draft->entry);
	draft->old_owner = entry->owner;
	draft->present = (entry->flags & ENTRY_PRESENT) != 0;
	if (!draft->present)
		return OK;
	if (!(draft->flags & DSF_OVERWRITE))
		return -EEXIST;
	draft->owner = entry->owner;
	draft->old_value = entry->value;
	draft->old_snapshots = entry->snapshots;
	return entry_may(store, entry, caller, ACTION_OVERWRITE) ? OK : -EPERM;
}

/* Labels are RS's, which is bound by nothing but the room there is. */
static int within_limits(const struct store *store, const struct draft *draft)
{
	static const struct store_limits none;
	const struct store_limits *used = draft->owner ? &owner_at(store, draft->owner)->used : &none;
	const struct store_limits *limits =
	        draft->owner ? owner_limits(store, draft->owner) : limits_of(store, &draft->caller->owner);
	uint32_t old = draft->present ? entry_at(store, draft->entry)->length : 0;
	uint64_t bytes =
	        (uint64_t)used->bytes - old + draft->length + (draft->present ? 0 : draft->key->length);

	if (draft->key->type == DS_TYPE_LABEL)
		return 1;
	return (draft->present || used->entries < limits->entries) &&
	       (bytes <= limits->bytes || draft->length < old);
}

static int has_room(struct store *store, const struct draft *draft)
{
	uint32_t blocks = draft->blocks;

	if (!draft->entry)
		blocks += 1 + chain_blocks(draft->key->length);
	if (!draft->owner)
		blocks += owner_blocks(&draft->caller->owner);
	if (!draft->present && !position_is_present(store, blocks_for(draft->caller)))
		return 0;
	return blocks == 0 || room_for(store, blocks, blocks_for(draft->caller));
}

static int check(struct store *store, struct draft *draft)
{
	int result;

	if (draft->flags & ~DSF_PUBLISH)
		return -EINVAL;
	result = find(store, draft);
	if (result != OK)
		return result;
	if (!within_limits(store, draft))
		return -EDQUOT;
	return has_room(store, draft) ? OK : -ENOSPC;
}

/* ---- Doing ---- */

/* The entry is there afterwards, and its owner; it has the old value or none. */
static struct entry *begin(struct store *store, struct draft *draft)
{
	uint32_t private = draft->flags & DSF_PRIV;

	tx_begin(store);
	if (!draft->owner)
		draft->owner = owner_make(store, &draft->caller->owner);
	if (!draft->entry)
		draft->entry = entry_make(store, draft->key, draft->hash, draft->owner);
	if (!draft->present)
		entry_show(store, draft->entry, draft->owner, private);
	else if (owner_is(store, draft->owner, &draft->caller->owner))
		tx_set(store, &entry_at(store, draft->entry)->flags, private | ENTRY_PRESENT);
	return entry_at(store, draft->entry);
}

static void end(struct store *store, const struct draft *draft)
{
	notices_tell(store, draft->entry, draft->present ? DS_CHANGED : DS_CREATED);
	if (draft->present)
		value_drop(store, draft->key->type, draft->old_value, draft->old_snapshots);
	if (draft->old_owner && draft->old_owner != draft->owner)
		owner_tidy(store, draft->old_owner);
	answer_keep(store, draft->caller, draft->caller->answer);
	tx_commit(store);
}

int store_publish(struct store *store, const struct store_caller *caller, const struct store_key *key,
                  const struct store_value *value, uint32_t flags)
{
	struct draft draft = {.caller = caller, .key = key, .flags = flags};
	struct entry *entry;
	int result;

	if (!key_is_sound(key) || key->type > DS_TYPE_MEM)
		return -EINVAL;
	if (key->type != DS_TYPE_U32) {
		if (value->length > DS_VALUE_MAX)
			return -E2BIG;
		if (key->type == DS_TYPE_STR && value->length && memchr(value->bytes, '\0', value->length))
			return -EINVAL;
		draft.length = value->length;
		draft.blocks = chain_blocks(value->length);
	}
	death_settle(store, key);
	result = check(store, &draft);
	if (result != OK)
		return result;
	entry = begin(store, &draft);
	tx_set(store, &entry->value,
	       key->type == DS_TYPE_U32 ? value->number : chain_take(store, value->bytes, draft.length));
	entry_charge(store, entry, draft.length);
	end(store, &draft);
	return OK;
}

int store_publish_map(struct store *store, const struct store_caller *caller, const struct store_key *key,
                      const struct store_map *map, uint32_t flags)
{
	struct draft draft = {.caller = caller, .key = key, .flags = flags, .blocks = 1};
	struct entry *entry;
	uint32_t live;
	int result;

	if (!key_is_sound(key) || key->type != DS_TYPE_MAP || map->number != 0)
		return -EINVAL;
	death_settle(store, key);
	result = check(store, &draft);
	if (result != OK)
		return result;
	entry = begin(store, &draft);
	live = block_take(store);
	map_at(store, live)->told = *map;
	range_join(store, live, draft.entry);
	tx_set(store, &entry->value, live);
	tx_set(store, &entry->snapshots, 0);
	tx_set(store, &entry->snapshot_number, 0);
	end(store, &draft);
	return OK;
}

/* Notices that wait for the service go to whom the label names now. */
static void wake_service(struct store *store, const struct store_key *key)
{
	struct store_owner service = {.endpoint = NONE};
	uint32_t owner;

	memcpy(service.label, key->text, key->length);
	owner = owner_find(store, &service);
	if (owner && (owner_at(store, owner)->first_notice || owner_at(store, owner)->lost))
		owner_wake(store, owner);
}

int store_publish_label(struct store *store, const struct store_caller *caller, const struct store_key *key,
                        endpoint_t endpoint, uint32_t flags)
{
	struct draft draft = {.caller = caller, .key = key, .flags = flags};
	uint32_t named;
	int result;

	if (!key_is_sound(key) || key->type != DS_TYPE_LABEL || endpoint < 0)
		return -EINVAL;
	if (!caller->is_rs)
		return -EPERM;
	death_settle(store, key);
	result = check(store, &draft);
	if (result != OK)
		return result;
	named = label_find(store, endpoint);
	if (named) /* perhaps it is so already: RS tells a new store all labels */
		return named == draft.entry ? OK : -EEXIST;
	begin(store, &draft);
	if (draft.present)
		label_unlink(store, draft.entry);
	label_link(store, draft.entry, endpoint);
	wake_service(store, key);
	end(store, &draft);
	return OK;
}

/* ---- Retrieving and deleting ---- */

int entry_find_for(const struct store *store, const struct store_caller *caller, const struct store_key *key,
                   enum action action, uint32_t *found)
{
	if (!key_is_sound(key))
		return -EINVAL;
	*found = entry_present(store, key);
	if (!*found)
		return -ESRCH;
	return entry_may(store, entry_at(store, *found), caller, action) ? OK : -EPERM;
}

int store_retrieve(const struct store *store, const struct store_caller *caller, const struct store_key *key,
                   void *buffer, uint32_t size, struct store_entry *entry)
{
	const struct entry *this;
	uint32_t found;
	int result = entry_find_for(store, caller, key, ACTION_RETRIEVE, &found);

	if (result != OK)
		return result;
	this = entry_at(store, found);
	entry_tell(store, this, entry);
	if (this->length)
		chain_read(store, this->value, buffer, size < this->length ? size : this->length);
	return OK;
}

int store_delete(struct store *store, const struct store_caller *caller, const struct store_key *key)
{
	uint32_t found;
	int result = entry_find_for(store, caller, key, ACTION_DELETE, &found);

	if (result != OK)
		return result;
	tx_begin(store);
	entry_end(store, found, DS_DELETED);
	answer_keep(store, caller, caller->answer);
	tx_commit(store);
	return OK;
}
