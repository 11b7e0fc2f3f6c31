/* SPDX-License-Identifier: MIT */
/*
 * Operations that change more than one transaction can hold. The first transaction makes the operation
 * certain and notes what is still to be done; each of the following does a part; the last one takes the note
 * away. A successor that finds the note does it all again: a part that has been done already changes nothing
 * more.
 */
#include "store_core.h"

void unfinished_note(struct store *store, enum unfinished what, uint32_t subject)
{
	tx_set(store, &store->header->unfinished, what);
	tx_set(store, &store->header->subject, subject);
}

/* ---- All that exists counts as created ---- */

static void tell_all(struct store *store, uint32_t slot)
{
	char key[DS_KEY_SIZE];

	for (uint32_t i = 0; i < store->header->entries; i++) {
		uint32_t entry = store->directory[i];
		const struct entry *this = entry_at(store, entry);

		entry_key(store, this, key);
		if (!entry_is_shown(this, store->slots[slot].owner) ||
		    !watch_slot_matches(store->watch, slot, key, this->key_length))
			continue;
		tx_begin(store);
		notice_add(store, store->slots[slot].owner, entry, DS_CREATED);
		tx_commit(store);
	}
}

/* ---- What no subscription matches is not told any more ---- */

static int is_matched(const struct store *store, const struct notice *notice)
{
	const struct entry *entry = entry_at(store, notice->entry);
	char key[DS_KEY_SIZE];

	entry_key(store, entry, key);
	for (uint32_t slot = 0; slot < store->header->slots; slot++)
		if (store->slots[slot].owner == notice->owner &&
		    watch_slot_matches(store->watch, slot, key, entry->key_length))
			return 1;
	return 0;
}

static void drop(struct store *store, uint32_t notice)
{
	tx_begin(store);
	notice_drop(store, notice);
	tx_commit(store);
}

static void forget(struct store *store, uint32_t owner)
{
	uint32_t next;

	for (uint32_t notice = owner_at(store, owner)->first_notice; notice; notice = next) {
		next = notice_at(store, notice)->next;
		if (!is_matched(store, notice_at(store, notice)))
			drop(store, notice);
	}
	if (owner_at(store, owner)->used.subscriptions)
		return;
	tx_begin(store);
	tx_set(store, &owner_at(store, owner)->lost, 0);
	tx_commit(store);
}

/* ---- An owner has died ---- */

static void drop_subscriptions(struct store *store, uint32_t owner)
{
	for (uint32_t slot = 0; slot < store->header->slots; slot++) {
		if (store->slots[slot].owner != owner)
			continue;
		tx_begin(store);
		subscription_drop(store, slot);
		tx_commit(store);
	}
	forget(store, owner);
}

static void end_entries(struct store *store, uint32_t owner, int all)
{
	uint32_t next;

	for (uint32_t entry = owner_at(store, owner)->first_entry; entry; entry = next) {
		next = entry_at(store, entry)->owner_next;
		tx_begin(store);
		if (all || entry_at(store, entry)->type == DS_TYPE_MAP)
			entry_end(store, entry, DS_DELETED | DS_OWNER_DIED);
		else
			notices_tell(store, entry, DS_OWNER_DIED);
		tx_commit(store);
	}
}

/* ---- */

static void done(struct store *store)
{
	int is_owner = store->header->unfinished != UNFINISHED_INITIAL;
	uint32_t subject = store->header->subject;

	tx_begin(store);
	unfinished_note(store, UNFINISHED_NOTHING, 0);
	if (is_owner)
		owner_tidy(store, subject);
	tx_commit(store);
}

void unfinished_finish(struct store *store)
{
	uint32_t subject = store->header->subject;

	switch ((enum unfinished)store->header->unfinished) {
	case UNFINISHED_NOTHING:
		return;
	case UNFINISHED_INITIAL:
		tell_all(store, subject);
		break;
	case UNFINISHED_FORGET:
		forget(store, subject);
		break;
	case UNFINISHED_END:
		drop_subscriptions(store, subject);
		end_entries(store, subject, 1);
		break;
	case UNFINISHED_DEATH:
		end_entries(store, subject, 0);
		break;
	}
	done(store);
}

static void begin(struct store *store, const struct store_owner *who, enum unfinished what)
{
	uint32_t owner = owner_find(store, who);

	if (!owner)
		return;
	tx_begin(store);
	unfinished_note(store, what, owner);
	tx_commit(store);
	unfinished_finish(store);
}

void store_owner_died(struct store *store, const struct store_owner *owner)
{
	begin(store, owner, owner->label[0] ? UNFINISHED_DEATH : UNFINISHED_END);
}

void store_owner_ended(struct store *store, const struct store_owner *owner)
{
	begin(store, owner, UNFINISHED_END);
}
