/* SPDX-License-Identifier: MIT */
/* Owners: who they are, what they may have, and when they are forgotten. */
#include <string.h>

#include "hash.h"
#include "store_core.h"

static uint32_t label_length(const struct store_owner *who)
{
	return (uint32_t)strnlen(who->label, DS_KEY_MAX);
}

static uint32_t *bucket_of(const struct store *store, const struct store_owner *who)
{
	uint32_t length = label_length(who);
	const void *name = length ? (const void *)who->label : &who->endpoint;
	uint32_t hash = hash_bytes(store->header->secret, name, length ? length : sizeof(who->endpoint));

	return &store->owners[hash & (store->owner_buckets - 1)];
}

static int is_called(const struct store *store, const struct owner *this, const struct store_owner *who,
                     uint32_t length)
{
	if (this->label_length != length)
		return 0;
	return length ? chain_equals(store, this->name, who->label, length)
	              : this->name == (uint32_t)who->endpoint;
}

int owner_is(const struct store *store, uint32_t owner, const struct store_owner *who)
{
	return is_called(store, owner_at(store, owner), who, label_length(who));
}

uint32_t owner_find(const struct store *store, const struct store_owner *who)
{
	uint32_t owner = *bucket_of(store, who), length = label_length(who);

	while (owner) {
		const struct owner *this = owner_at(store, owner);

		if (is_called(store, this, who, length))
			return owner;
		owner = this->next;
	}
	return 0;
}

void owner_tell(const struct store *store, uint32_t owner, struct store_owner *who)
{
	const struct owner *this = owner_at(store, owner);

	memset(who, 0, sizeof(*who));
	if (this->label_length)
		chain_read(store, this->name, who->label, this->label_length);
	who->endpoint = this->label_length ? label_endpoint(store, who->label, this->label_length)
	                                   : (endpoint_t)this->name;
}

uint32_t owner_blocks(const struct store_owner *who)
{
	return 1 + chain_blocks(label_length(who));
}

static void unlink_owner(struct store *store, uint32_t owner)
{
	struct store_owner who;
	uint32_t *link;

	owner_tell(store, owner, &who);
	for (link = bucket_of(store, &who); *link != owner;)
		link = &owner_at(store, *link)->next;
	tx_set(store, link, owner_at(store, owner)->next);
}

uint32_t owner_make(struct store *store, const struct store_owner *who)
{
	uint32_t owner = block_take(store), length = label_length(who), *bucket = bucket_of(store, who);
	struct owner *this = owner_at(store, owner);

	this->name = length ? chain_take(store, who->label, length) : (uint32_t)who->endpoint;
	this->label_length = length;
	tx_set(store, &this->next, *bucket);
	tx_set(store, bucket, owner);
	tx_add(store, &store->header->owners, 1);
	return owner;
}

/* ---- The end of one ---- */

int owner_has_something(const struct owner *owner)
{
	const struct store_limits *used = &owner->used;

	return used->entries || used->subscriptions || used->notices || owner->lost;
}

int owner_is_needed(const struct store *store, uint32_t owner)
{
	const struct owner *this = owner_at(store, owner);

	return owner_has_something(this) || this->gone || this->list_next[IN_WAKE] ||
	       this->list_next[IN_WORK];
}

void owner_tidy(struct store *store, uint32_t owner)
{
	const struct owner *this = owner_at(store, owner);

	if (owner_is_needed(store, owner))
		return;
	unlink_owner(store, owner);
	tx_add(store, &store->header->owners, -1);
	if (this->label_length)
		chain_free(store, this->name);
	block_free(store, owner);
}

/* ---- Lists ---- */

void list_append(struct store *store, struct owner_list *list, uint32_t owner, enum owner_lists in)
{
	tx_set(store, &owner_at(store, owner)->list_next[in], LIST_LAST);
	tx_set(store, list->last ? &owner_at(store, list->last)->list_next[in] : &list->first, owner);
	tx_set(store, &list->last, owner);
}

void list_leave_first(struct store *store, struct owner_list *list, enum owner_lists in)
{
	struct owner *owner = owner_at(store, list->first);
	uint32_t next = owner->list_next[in];

	tx_set(store, &list->first, next == LIST_LAST ? 0 : next);
	if (next == LIST_LAST)
		tx_set(store, &list->last, 0);
	tx_set(store, &owner->list_next[in], 0);
}

/* ---- Marks ---- */

void owners_unmark(struct store *store)
{
	for (uint32_t i = 0; i < store->owner_buckets; i++)
		for (uint32_t owner = store->owners[i]; owner; owner = owner_at(store, owner)->next)
			owner_at(store, owner)->mark = 0;
}

void owners_next_round(struct store *store)
{
	if (++store->round == 0) {
		owners_unmark(store);
		store->round = 1;
	}
}

/* ---- Limits ---- */

const struct store_limits *limits_of(const struct store *store, const struct store_owner *who)
{
	return who->label[0] ? &store->config.service : &store->config.process;
}

const struct store_limits *owner_limits(const struct store *store, uint32_t owner)
{
	return owner_at(store, owner)->label_length ? &store->config.service : &store->config.process;
}

int has_reserve(const struct store_caller *caller)
{
	return caller->is_rs || caller->owner.label[0];
}

enum blocks_for blocks_for(const struct store_caller *caller)
{
	if (caller->is_rs)
		return FOR_LABELS;
	return caller->owner.label[0] ? FOR_SERVICES : FOR_PROCESSES;
}

int room_for(struct store *store, uint32_t blocks, enum blocks_for whom)
{
	return blocks_free(store) >= store->kept_blocks[whom] + blocks &&
	       blocks_are_present(store, blocks, whom);
}
