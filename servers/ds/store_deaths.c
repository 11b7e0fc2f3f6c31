/* SPDX-License-Identifier: MIT */
/*
 * Deaths. A service that has died has a successor: of its entries others are told. An owner that ends has
 * none: what it has goes, too, and counts as gone from the start.
 */
#include "store_core.h"

static void tell_death_of(struct store *store, uint32_t entry)
{
	if (entry_is_gone(store, entry_at(store, entry)))
		entry_end(store, entry, DS_DELETED | DS_OWNER_DIED);
	else
		notices_tell(store, entry, DS_OWNER_DIED);
}

static void tell_death(struct store *store, struct owner *owner, uint32_t end)
{
	while (owner->died) {
		uint32_t entry = owner->died;

		tx_begin(store);
		tell_death_of(store, entry);
		if (owner->died == entry)
			tx_set(store, &owner->died, entry_at(store, entry)->owner_next);
		tx_commit(store);
		if (store->work >= end)
			return;
	}
}

void death_settle(struct store *store, const struct store_key *key)
{
	uint32_t entry = store_is_unfinished(store) ? entry_find(store, key, key_hash(store, key)) : 0;

	if (!entry || !(entry_at(store, entry)->flags & ENTRY_PRESENT) ||
	    !entry_is_gone(store, entry_at(store, entry)))
		return;
	tx_begin(store);
	tell_death_of(store, entry);
	tx_commit(store);
}

/* Subscriptions, what was still to be told, and entries, in this order. 0: there are none any more. */
static int end_one(struct store *store, uint32_t owner)
{
	const struct owner *this = owner_at(store, owner);
	uint32_t slot = 0;

	if (this->used.subscriptions) {
		while (store->slots[slot].owner != owner)
			slot++;
		subscription_drop(store, slot);
		store->work += WORK_SLOTS;
	} else if (this->first_notice) {
		notice_drop(store, this->first_notice);
		store->work += WORK_SLOTS;
	} else if (this->first_entry)
		entry_end(store, this->first_entry, DS_DELETED | DS_OWNER_DIED);
	else
		return 0;
	return 1;
}

static void end_owner(struct store *store, uint32_t owner, uint32_t end)
{
	int is_more;

	do {
		tx_begin(store);
		is_more = end_one(store, owner);
		if (!is_more) {
			tx_set(store, &owner_at(store, owner)->lost, 0);
			tx_set(store, &owner_at(store, owner)->died, 0);
		}
		tx_commit(store);
	} while (is_more && store->work < end);
}

void death_go_on(struct store *store, uint32_t owner, uint32_t end)
{
	if (owner_at(store, owner)->died == OWNER_ENDS)
		end_owner(store, owner, end);
	else
		tell_death(store, owner_at(store, owner), end);
}

static void note_death(struct store *store, uint32_t owner, int for_good)
{
	struct owner *this = owner_at(store, owner);

	if (this->died == OWNER_ENDS)
		return;
	tx_set(store, &this->died, for_good ? OWNER_ENDS : this->first_entry);
	unfinished_note(store, owner);
}

/* `label`: the entry of its label, or 0. */
static void died(struct store *store, const struct store_owner *who, int for_good, uint32_t label)
{
	uint32_t owner = owner_find(store, who);

	if (!owner)
		return;
	tx_begin(store);
	note_death(store, owner, for_good);
	if (label)
		tx_set(store, &entry_at(store, label)->flags, entry_at(store, label)->flags | LABEL_DIED);
	tx_commit(store);
}

/* The death of a service's process may be told again, by whoever looks after it when DS has died, too. */
void store_owner_died(struct store *store, const struct store_owner *owner)
{
	uint32_t label = owner->label[0] ? label_find(store, owner->endpoint) : 0;

	if (!label || !(entry_at(store, label)->flags & LABEL_DIED))
		died(store, owner, !owner->label[0], label);
}

void store_owner_ended(struct store *store, const struct store_owner *owner)
{
	died(store, owner, 1, 0);
}
