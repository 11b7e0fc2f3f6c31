/* SPDX-License-Identifier: MIT */
/*
 * Notices: which owner is still to be told of which entry. An owner and an entry have one notice at most,
 * whatever has happened meanwhile and however many of the owner's subscriptions match; it keeps its place in
 * the owner's queue. To whom there can't be given one is told that something was lost.
 */
#include <string.h>

#include "store_core.h"

static uint32_t next_serial(struct store *store)
{
	uint32_t serial = store->header->serial + 1;

	tx_set(store, &store->header->serial, serial ? serial : 1);
	return store->header->serial;
}

/* ---- Waking ---- */

void owner_wake(struct store *store, uint32_t owner)
{
	if (!owner_is_in(store, owner, IN_WAKE))
		list_append(store, &store->header->wake, owner, IN_WAKE);
}

static endpoint_t wake_first(struct store *store)
{
	uint32_t owner = store->header->wake.first;
	struct store_owner who;

	owner_tell(store, owner, &who);
	tx_begin(store);
	list_leave_first(store, &store->header->wake, IN_WAKE);
	owner_tidy(store, owner);
	tx_commit(store);
	return who.endpoint;
}

int store_wake_next(struct store *store, endpoint_t *endpoint)
{
	while (store->header->wake.first) {
		*endpoint = wake_first(store);
		if (*endpoint != NONE)
			return OK;
	}
	return -ENOENT;
}

/* ---- One notice ---- */

/* What is to be told if `what` happens to something of which `before` is still to be told. */
static uint32_t merge(uint32_t before, uint32_t what)
{
	uint32_t died = (before | what) & DS_OWNER_DIED, last = what & (DS_CREATED | DS_CHANGED | DS_DELETED);

	before &= DS_CREATED | DS_CHANGED | DS_DELETED;
	if (last == 0 || (last == DS_CHANGED && before == DS_CREATED))
		last = before;
	return last | died;
}

void notices_lose(struct store *store, uint32_t owner)
{
	tx_set(store, &owner_at(store, owner)->lost, next_serial(store));
	owner_wake(store, owner);
}

static void update(struct store *store, struct notice *notice, uint32_t what)
{
	tx_set(store, &notice->what, merge(notice->what, what));
	tx_set(store, &notice->serial, next_serial(store));
	owner_wake(store, notice->owner);
}

static void append_to_owner(struct store *store, uint32_t notice, struct owner *owner)
{
	notice_at(store, notice)->previous = owner->last_notice;
	if (owner->last_notice)
		tx_set(store, &notice_at(store, owner->last_notice)->next, notice);
	else
		tx_set(store, &owner->first_notice, notice);
	tx_set(store, &owner->last_notice, notice);
	tx_add(store, &owner->used.notices, 1);
}

static void put_before_entry_s(struct store *store, uint32_t notice, struct entry *entry)
{
	notice_at(store, notice)->entry_next = entry->notices;
	if (entry->notices)
		tx_set(store, &notice_at(store, entry->notices)->entry_previous, notice);
	tx_set(store, &entry->notices, notice);
}

/* What could not be had for one of many will not be for the next. */
static int has_room(struct store *store, const struct owner *owner)
{
	enum blocks_for whom = owner->label_length ? FOR_SERVICES : FOR_PROCESSES;

	if (!(store->is_full & 1u << whom) && !room_for(store, 1, whom))
		store->is_full |= 1u << whom;
	return !(store->is_full & 1u << whom);
}

static void make(struct store *store, uint32_t owner, uint32_t entry, uint32_t what)
{
	struct owner *to = owner_at(store, owner);
	uint32_t notice;

	if (to->used.notices >= owner_limits(store, owner)->notices || !has_room(store, to)) {
		notices_lose(store, owner);
		return;
	}
	notice = block_take(store);
	notice_at(store, notice)->owner = owner;
	notice_at(store, notice)->entry = entry;
	notice_at(store, notice)->what = what;
	notice_at(store, notice)->serial = next_serial(store);
	append_to_owner(store, notice, to);
	put_before_entry_s(store, notice, entry_at(store, entry));
	owner_wake(store, owner);
}

void notice_add(struct store *store, uint32_t owner, uint32_t entry, uint32_t what)
{
	uint32_t notice = entry_at(store, entry)->notices, looks = 0;

	for (; notice && notice_at(store, notice)->owner != owner; looks++)
		notice = notice_at(store, notice)->entry_next;
	store->work += looks / NOTICE_LOOKS;
	store->is_full = 0;
	if (notice)
		update(store, notice_at(store, notice), what);
	else
		make(store, owner, entry, what);
}

static void leave_owner(struct store *store, const struct notice *notice)
{
	struct owner *owner = owner_at(store, notice->owner);
	uint32_t *before =
	        notice->previous ? &notice_at(store, notice->previous)->next : &owner->first_notice;
	uint32_t *behind = notice->next ? &notice_at(store, notice->next)->previous : &owner->last_notice;

	tx_set(store, before, notice->next);
	tx_set(store, behind, notice->previous);
	tx_add(store, &owner->used.notices, -1);
}

static void leave_entry(struct store *store, const struct notice *notice)
{
	uint32_t *before = notice->entry_previous ? &notice_at(store, notice->entry_previous)->entry_next
	                                          : &entry_at(store, notice->entry)->notices;

	tx_set(store, before, notice->entry_next);
	if (notice->entry_next)
		tx_set(store, &notice_at(store, notice->entry_next)->entry_previous, notice->entry_previous);
}

void notice_drop(struct store *store, uint32_t notice)
{
	const struct notice *this = notice_at(store, notice);

	unfinished_skip(store, notice);
	leave_owner(store, this);
	leave_entry(store, this);
	block_free(store, notice);
	entry_tidy(store, this->entry);
}

/* ---- Telling many ---- */

void telling_begin(struct store *store)
{
	owners_next_round(store);
	store->nr_marked = 0;
	store->is_full = 0;
}

void telling_add(struct store *store, uint32_t owner)
{
	if (owner_at(store, owner)->mark == store->round || owner_at(store, owner)->died == OWNER_ENDS)
		return;
	owner_at(store, owner)->mark = store->round;
	store->marked[store->nr_marked++] = owner;
	store->work += WORK_NOTICE;
}

/* Those who have a notice of it already are found by the entry's list, so each owner costs the same. */
static void update_marked(struct store *store, const struct entry *entry, uint32_t what)
{
	uint32_t looks = 0;

	for (uint32_t notice = entry->notices; notice; notice = notice_at(store, notice)->entry_next) {
		struct owner *owner = owner_at(store, notice_at(store, notice)->owner);

		looks++;
		if (owner->mark != store->round)
			continue;
		owner->mark = 0;
		update(store, notice_at(store, notice), what);
	}
	store->work += looks / NOTICE_LOOKS;
}

void telling_end(struct store *store, uint32_t entry, uint32_t what)
{
	update_marked(store, entry_at(store, entry), what);
	for (uint32_t i = 0; i < store->nr_marked; i++)
		if (owner_at(store, store->marked[i])->mark == store->round)
			make(store, store->marked[i], entry, what);
}

struct telling {
	struct store *store;
	const struct entry *entry;
};

static void add_watcher(void *context, uint32_t slot)
{
	struct telling *telling = context;
	const struct subscription *subscription = &telling->store->slots[slot];

	if (subscription->state != SUBSCRIPTION_ENDS && entry_is_shown(telling->entry, subscription->owner))
		telling_add(telling->store, subscription->owner);
}

void notices_tell(struct store *store, uint32_t entry, uint32_t what)
{
	struct entry *this = entry_at(store, entry);
	struct telling telling = {store, this};
	char key[DS_KEY_SIZE];

	telling_begin(store);
	entry_key(store, this, key);
	store->work += WORK_TELL + watch_match(store->watch, key, this->key_length, add_watcher, &telling);
	telling_end(store, entry, what);
}

/* ---- Asking ---- */

static void tell_notice(const struct store *store, const struct notice *notice, struct store_change *change)
{
	const struct entry *entry = entry_at(store, notice->entry);

	entry_key(store, entry, change->key);
	change->type = entry->type;
	change->what = notice->what;
	change->serial = notice->serial;
	owner_tell(store, entry->owner, &change->owner);
}

int store_change_next(const struct store *store, const struct store_caller *caller,
                      struct store_change *change)
{
	uint32_t owner = owner_find(store, &caller->owner);
	const struct owner *this = owner ? owner_at(store, owner) : NULL;

	memset(change, 0, sizeof(*change));
	if (!this || (!this->first_notice && !this->lost))
		return -ENOENT;
	if (this->first_notice) {
		tell_notice(store, notice_at(store, this->first_notice), change);
		return OK;
	}
	change->what = DS_LOST;
	change->serial = this->lost;
	change->owner.endpoint = NONE;
	return OK;
}

void store_change_seen(struct store *store, const struct store_caller *caller, uint32_t serial)
{
	struct store_change change;
	uint32_t owner;

	if (store_change_next(store, caller, &change) != OK || change.serial != serial)
		return;
	owner = owner_find(store, &caller->owner);
	tx_begin(store);
	if (change.what == DS_LOST)
		tx_set(store, &owner_at(store, owner)->lost, 0);
	else
		notice_drop(store, owner_at(store, owner)->first_notice);
	tx_commit(store);
}
