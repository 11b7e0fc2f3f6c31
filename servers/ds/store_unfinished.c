/* SPDX-License-Identifier: MIT */
/*
 * Operations that change more than one transaction can hold, and take longer than others can wait. The first
 * transaction makes the operation certain and notes how far it is: with the subscription (DSF_INITIAL, its
 * end) or with the owner (its death). Each of the following does a part and moves the note on, so a successor
 * goes on from there.
 *
 * The owners of whom something is unfinished are in two lists, of processes and of services, which have turns
 * alternately: so services wait for services alone, however many processes there are. In a list the first has
 * its turn, of a bounded length, and comes last afterwards; so nobody waits for another's to be finished, and
 * nobody is passed over.
 */
#include "store_core.h"

#define TURN (STORE_WORK / 8)

/* ---- The lists ---- */

static void join_list(struct store *store, uint32_t owner)
{
	int is_service = owner_at(store, owner)->label_length != 0;

	list_append(store, &store->header->work[is_service], owner, IN_WORK);
}

void unfinished_note(struct store *store, uint32_t owner)
{
	if (!owner_is_in(store, owner, IN_WORK))
		join_list(store, owner);
}

int store_is_unfinished(const struct store *store)
{
	return store->header->work[0].first || store->header->work[1].first;
}

uint32_t store_work(const struct store *store)
{
	return store->work;
}

int store_must_wait(const struct store *store, const struct store_owner *who)
{
	uint32_t owner = store_is_unfinished(store) ? owner_find(store, who) : 0;

	return owner && owner_is_in(store, owner, IN_WORK);
}

/* ---- All that exists counts as created ---- */

/* Counts what that takes. */
static int is_told(struct store *store, uint32_t slot, const struct entry *entry, const char *key)
{
	store->work += WORK_NOTICE + watch_work(watch_slot_cost(store->watch, slot), entry->key_length);
	return entry_is_shown(entry, store->slots[slot].owner) &&
	       watch_slot_matches(store->watch, slot, key, entry->key_length);
}

static void tell_next(struct store *store, uint32_t slot)
{
	struct subscription *this = &store->slots[slot];
	uint32_t entry = store->directory[this->at];
	char key[DS_KEY_SIZE];

	entry_key(store, entry_at(store, entry), key);
	tx_begin(store);
	if (is_told(store, slot, entry_at(store, entry), key) &&
	    !entry_is_gone(store, entry_at(store, entry)))
		notice_add(store, this->owner, entry, DS_CREATED);
	tx_set(store, &this->at, this->at + 1);
	tx_commit(store);
}

static void tell_initial(struct store *store, uint32_t slot, uint32_t end)
{
	while (store->slots[slot].at < store->header->entries) {
		tell_next(store, slot);
		if (store->work >= end)
			return;
	}
	tx_begin(store);
	initial_note(store, slot, SUBSCRIPTION_WATCHES);
	tx_commit(store);
}

struct passing {
	struct store *store;
	const struct entry *entry;
	uint32_t from, to;
};

static void add_passed(void *context, uint32_t slot)
{
	const struct passing *passing = context;
	const struct subscription *this = &passing->store->slots[slot];

	if (this->state == SUBSCRIPTION_INITIAL && this->at > passing->to && this->at <= passing->from &&
	    entry_is_shown(passing->entry, this->owner))
		telling_add(passing->store, this->owner);
}

/* It costs what telling of a change costs. */
void initials_pass(struct store *store, uint32_t from, uint32_t to)
{
	uint32_t entry = store->directory[from];
	struct passing passing = {store, entry_at(store, entry), from, to};
	char key[DS_KEY_SIZE];

	if (!store->header->initials || entry_is_gone(store, passing.entry))
		return;
	entry_key(store, passing.entry, key);
	telling_begin(store);
	store->work +=
	        WORK_TELL + watch_match(store->watch, key, passing.entry->key_length, add_passed, &passing);
	telling_end(store, entry, DS_CREATED);
}

/* ---- What no subscription matches is not told any more ---- */

static int is_matched(struct store *store, const struct notice *notice)
{
	const struct entry *entry = entry_at(store, notice->entry);
	uint32_t compared = 0;
	int matched = 0;
	char key[DS_KEY_SIZE];

	entry_key(store, entry, key);
	for (uint32_t slot = 0; slot < store->header->slots && !matched; slot++) {
		if (store->slots[slot].owner != notice->owner ||
		    store->slots[slot].state == SUBSCRIPTION_ENDS)
			continue;
		compared++;
		store->work += watch_work(watch_slot_cost(store->watch, slot), entry->key_length);
		matched = watch_slot_matches(store->watch, slot, key, entry->key_length);
	}
	store->work += WORK_SLOTS + compared / WATCH_LOOKS;
	return matched;
}

void unfinished_skip(struct store *store, uint32_t notice)
{
	const struct notice *this = notice_at(store, notice);

	if (!owner_is_in(store, this->owner, IN_WORK))
		return;
	for (uint32_t slot = 0; slot < store->header->slots; slot++)
		if (store->slots[slot].owner == this->owner &&
		    store->slots[slot].state == SUBSCRIPTION_ENDS && store->slots[slot].at == notice)
			tx_set(store, &store->slots[slot].at, this->next);
}

static void look_at_one(struct store *store, uint32_t slot)
{
	uint32_t notice = store->slots[slot].at;

	tx_begin(store);
	if (is_matched(store, notice_at(store, notice)))
		tx_set(store, &store->slots[slot].at, notice_at(store, notice)->next);
	else
		notice_drop(store, notice);
	tx_commit(store);
}

static void end_subscription(struct store *store, uint32_t slot, uint32_t end)
{
	struct owner *owner = owner_at(store, store->slots[slot].owner);

	while (store->slots[slot].at) {
		look_at_one(store, slot);
		if (store->work >= end)
			return;
	}
	tx_begin(store);
	subscription_drop(store, slot);
	if (!owner->used.subscriptions)
		tx_set(store, &owner->lost, 0);
	tx_commit(store);
}

/* ---- One after the other ---- */

/* A subscription of the owner that is not finished; as many as there are slots if there is none. */
static uint32_t unfinished_slot(struct store *store, uint32_t owner)
{
	uint32_t slot = 0;

	store->work += WORK_SLOTS;
	while (slot < store->header->slots &&
	       (store->slots[slot].owner != owner || store->slots[slot].state == SUBSCRIPTION_WATCHES))
		slot++;
	return slot;
}

/* Does part of what is to be done for the owner: one step at least. */
static void go_on_with(struct store *store, uint32_t owner, uint32_t end)
{
	uint32_t slot;

	slot = owner_at(store, owner)->died == OWNER_ENDS ? store->header->slots
	                                                  : unfinished_slot(store, owner);
	if (slot == store->header->slots)
		death_go_on(store, owner, end);
	else if (store->slots[slot].state == SUBSCRIPTION_INITIAL)
		tell_initial(store, slot, end);
	else
		end_subscription(store, slot, end);
}

static int is_finished(struct store *store, uint32_t owner)
{
	return !owner_at(store, owner)->died && unfinished_slot(store, owner) == store->header->slots;
}

/* The first of the list. */
static void take_turn(struct store *store, struct owner_list *list, uint32_t end)
{
	uint32_t owner = list->first;
	int finished;

	go_on_with(store, owner, end);
	finished = is_finished(store, owner);
	tx_begin(store);
	list_leave_first(store, list, IN_WORK);
	if (finished)
		owner_tidy(store, owner);
	else
		join_list(store, owner);
	tx_commit(store);
}

static struct owner_list *next_list(struct store *store)
{
	struct owner_list *lists = store->header->work;

	store->turn = !store->turn;
	return lists[store->turn].first ? &lists[store->turn] : &lists[!store->turn];
}

int store_go_on(struct store *store, uint32_t work)
{
	store->work = 0;
	while (store_is_unfinished(store) && store->work < work) {
		uint32_t end = store->work + TURN;

		take_turn(store, next_list(store), end < work ? end : work);
	}
	return store_is_unfinished(store);
}
