/* SPDX-License-Identifier: MIT */
/* Subscriptions: kept as text, in slots; watch.c has the compiled patterns by the same numbers. */
#include <string.h>

#include "store_core.h"

/* The slot of the owner's subscription; as many as there are slots if there is none. */
static uint32_t find(const struct store *store, uint32_t owner, const char *pattern, uint32_t length)
{
	uint32_t slot = 0;

	while (slot < store->header->slots &&
	       !(owner && store->slots[slot].owner == owner && store->slots[slot].length == length &&
	         store->slots[slot].state != SUBSCRIPTION_ENDS &&
	         chain_equals(store, store->slots[slot].pattern, pattern, length)))
		slot++;
	return slot;
}

static uint32_t free_slot(const struct store *store)
{
	uint32_t slot = 0;

	while (store->slots[slot].owner)
		slot++;
	return slot;
}

/* ---- Subscribing ---- */

static int check(struct store *store, const struct store_caller *caller, uint32_t owner, uint32_t length)
{
	uint32_t slots = store->header->slots, used = owner ? owner_at(store, owner)->used.subscriptions : 0;
	uint32_t bytes = owner ? owner_at(store, owner)->used.bytes : 0;
	const struct store_limits *limits = limits_of(store, &caller->owner);
	uint32_t kept = has_reserve(caller) ? 0 : slots * store->config.reserve / 100;
	uint32_t blocks = chain_blocks(length) + (owner ? 0 : owner_blocks(&caller->owner));

	if (used >= limits->subscriptions || (uint64_t)bytes + length > limits->bytes)
		return -EDQUOT;
	if (store->header->subscriptions + kept >= slots || !room_for(store, blocks, blocks_for(caller)))
		return -ENOSPC;
	return OK;
}

static uint32_t cost_of(const struct store *store, uint32_t owner)
{
	uint32_t cost = 0;

	for (uint32_t slot = 0; owner && slot < store->header->slots; slot++)
		if (store->slots[slot].owner == owner)
			cost += watch_slot_cost(store->watch, slot);
	return cost;
}

/* What a publish by anybody may cost for all these patterns is bounded, and nobody has all of that. */
static int check_cost(struct store *store, const struct store_caller *caller, uint32_t owner,
                      const char *pattern, uint32_t length)
{
	const struct store_config *config = &store->config;
	uint32_t kept = has_reserve(caller) ? 0 : config->cost * config->reserve / 100, cost, more;
	uint32_t limit = caller->owner.label[0] ? config->service_cost : config->process_cost;
	int result = watch_judge(store->watch, pattern, length, &cost, &more);

	if (result != OK)
		return result;
	if (cost && cost_of(store, owner) + cost > limit)
		return -EDQUOT;
	store->work += more ? WORK_COMPILE : 0;
	return more && watch_cost(store->watch) + more + kept > config->cost ? -ENOSPC : OK;
}

/* ---- DSF_INITIAL ---- */

void initial_note(struct store *store, uint32_t slot, uint32_t state)
{
	struct subscription *this = &store->slots[slot];
	int was = this->state == SUBSCRIPTION_INITIAL, is = state == SUBSCRIPTION_INITIAL;

	tx_set(store, &this->state, state);
	tx_set(store, &this->at, 0);
	tx_add(store, &store->header->initials, is - was);
}

static void begin_initial(struct store *store, uint32_t slot, uint32_t flags)
{
	if (!(flags & DSF_INITIAL))
		return;
	initial_note(store, slot, SUBSCRIPTION_INITIAL);
	unfinished_note(store, store->slots[slot].owner);
}

/* ---- */

static void keep(struct store *store, uint32_t slot, uint32_t owner, const char *pattern, uint32_t length)
{
	struct subscription *this = &store->slots[slot];

	tx_set(store, &this->owner, owner);
	tx_set(store, &this->pattern, chain_take(store, pattern, length));
	tx_set(store, &this->length, length);
	tx_set(store, &this->state, SUBSCRIPTION_WATCHES);
	tx_add(store, &owner_at(store, owner)->used.subscriptions, 1);
	tx_add(store, &owner_at(store, owner)->used.bytes, (int32_t)length);
	tx_add(store, &store->header->subscriptions, 1);
}

static void subscribe(struct store *store, const struct store_caller *caller, uint32_t slot, uint32_t owner,
                      const char *pattern, uint32_t length, uint32_t flags)
{
	tx_begin(store);
	if (!owner)
		owner = owner_make(store, &caller->owner);
	keep(store, slot, owner, pattern, length);
	begin_initial(store, slot, flags);
	answer_keep(store, caller, caller->answer);
	tx_commit(store);
}

static void subscribe_again(struct store *store, const struct store_caller *caller, uint32_t slot,
                            uint32_t flags)
{
	tx_begin(store);
	begin_initial(store, slot, flags);
	answer_keep(store, caller, caller->answer);
	tx_commit(store);
}

int store_subscribe(struct store *store, const struct store_caller *caller, const char *pattern,
                    uint32_t length, uint32_t flags)
{
	uint32_t owner = owner_find(store, &caller->owner), slot;
	int result;

	if (flags & ~DSF_SUBSCRIBE || length == 0)
		return -EINVAL;
	if (length > DS_PATTERN_MAX)
		return -E2BIG;
	slot = find(store, owner, pattern, length);
	if (slot < store->header->slots) {
		if (!(flags & DSF_OVERWRITE))
			return -EEXIST;
		subscribe_again(store, caller, slot, flags);
		return OK;
	}
	result = check(store, caller, owner, length);
	if (result == OK)
		result = check_cost(store, caller, owner, pattern, length);
	if (result != OK)
		return result;
	slot = free_slot(store);
	result = watch_add(store->watch, slot, pattern, length);
	if (result != OK)
		return result;
	subscribe(store, caller, slot, owner, pattern, length, flags);
	return OK;
}

uint32_t store_subscribe_memory(const struct store *store, const char *pattern, uint32_t length)
{
	return length >= 1 && length <= DS_PATTERN_MAX ? watch_memory(store->watch, pattern, length) : 0;
}

/* ---- Ending ---- */

void subscription_drop(struct store *store, uint32_t slot)
{
	struct subscription *this = &store->slots[slot];
	struct owner *owner = owner_at(store, this->owner);

	watch_remove(store->watch, slot);
	initial_note(store, slot, SUBSCRIPTION_WATCHES);
	tx_add(store, &owner->used.subscriptions, -1);
	tx_add(store, &owner->used.bytes, -(int32_t)this->length);
	tx_add(store, &store->header->subscriptions, -1);
	chain_free(store, this->pattern);
	tx_set(store, &this->owner, 0);
}

int store_unsubscribe(struct store *store, const struct store_caller *caller, const char *pattern,
                      uint32_t length)
{
	uint32_t owner = owner_find(store, &caller->owner), slot;

	if (length == 0 || length > DS_PATTERN_MAX)
		return -EINVAL;
	slot = find(store, owner, pattern, length);
	if (slot == store->header->slots)
		return -ESRCH;
	tx_begin(store);
	initial_note(store, slot, SUBSCRIPTION_ENDS);
	tx_set(store, &store->slots[slot].at, owner_at(store, owner)->first_notice);
	unfinished_note(store, owner);
	answer_keep(store, caller, caller->answer);
	tx_commit(store);
	return OK;
}
