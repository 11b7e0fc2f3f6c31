/* SPDX-License-Identifier: MIT */
/* Invariants of owners, their notices, and subscriptions: see store_check.c. */
#include "store_check.h"

/* What the subscriptions say that their owner uses. */
static void add_subscriptions(const struct store *store, uint32_t owner, struct store_limits *sum)
{
	for (uint32_t slot = 0; slot < store->header->slots; slot++)
		if (store->slots[slot].owner == owner) {
			sum->subscriptions++;
			sum->bytes += store->slots[slot].length;
		}
}

static void add_entries(struct checker *checker, uint32_t owner, struct store_limits *sum)
{
	const struct store *store = checker->store;
	uint32_t previous = 0, entry = owner_at(store, owner)->first_entry;

	for (; entry && !checker->fault; sum->entries++) {
		const struct entry *this = entry_at(store, entry);

		must(checker, sum->entries < store->header->entries, "an owner's list of entries has no end");
		must(checker,
		     this->owner == owner && this->owner_previous == previous && this->flags & ENTRY_PRESENT,
		     "an owner's list of entries is wrong");
		sum->bytes += this->key_length + this->length;
		previous = entry;
		entry = this->owner_next;
	}
}

/* A notice is there because a subscription of the owner matches its entry's key. */
static void check_notice(struct checker *checker, const struct notice *notice)
{
	const struct store *store = checker->store;
	const struct entry *entry = entry_at(store, notice->entry);
	char key[DS_KEY_SIZE];
	int matched = owner_at(store, notice->owner)->died == OWNER_ENDS;

	entry_key(store, entry, key);
	for (uint32_t slot = 0; slot < store->header->slots && !matched; slot++)
		matched = store->slots[slot].owner == notice->owner &&
		          watch_slot_matches(store->watch, slot, key, entry->key_length);
	must(checker, matched, "a notice without a subscription");
	must(checker, notice->serial != 0 && notice->what != 0, "a notice of nothing");
}

static void add_notices(struct checker *checker, uint32_t owner, struct store_limits *sum)
{
	const struct store *store = checker->store;
	uint32_t previous = 0, notice = owner_at(store, owner)->first_notice;

	for (; notice && !checker->fault; sum->notices++) {
		const struct notice *this = notice_at(store, notice);

		must(checker, checker->seen[notice] && this->owner == owner && this->previous == previous,
		     "an owner's queue of notices is wrong");
		must(checker, sum->notices < checker->notices, "an owner's queue of notices has no end");
		if (!checker->fault)
			check_notice(checker, this);
		previous = notice;
		notice = this->next;
	}
	must(checker, owner_at(store, owner)->last_notice == previous, "a queue's last notice is wrong");
}

static int equal(const struct store_limits *a, const struct store_limits *b)
{
	return a->entries == b->entries && a->bytes == b->bytes && a->subscriptions == b->subscriptions &&
	       a->notices == b->notices;
}

static int is_entry_of(const struct checker *checker, uint32_t owner, uint32_t entry)
{
	uint32_t its = owner_at(checker->store, owner)->first_entry;

	while (its && its != entry)
		its = entry_at(checker->store, its)->owner_next;
	return its != 0;
}

static int is_named(const struct store *store, uint32_t owner)
{
	struct store_owner who;

	owner_tell(store, owner, &who);
	return owner_find(store, &who) == owner;
}

static void check_owner(struct checker *checker, uint32_t owner, struct store_limits *all)
{
	const struct store *store = checker->store;
	const struct owner *this = owner_at(store, owner);
	struct store_limits sum = {0};

	if (this->label_length)
		checker_chain(checker, this->name, this->label_length, "a label's chain is wrong");
	if (!must(checker, this->label_length <= DS_KEY_MAX, "a label is too long"))
		return;
	must(checker, is_named(store, owner), "an owner is not found");
	add_entries(checker, owner, &sum);
	add_notices(checker, owner, &sum);
	add_subscriptions(store, owner, &sum);
	must(checker, equal(&sum, &this->used), "what an owner uses is miscounted");
	must(checker, this->gone == checker->gone[owner], "an owner's deleted entries are miscounted");
	must(checker, !this->lost || sum.subscriptions || this->died == OWNER_ENDS,
	     "something was lost without a subscription");
	must(checker, !this->died || this->list_next[IN_WORK], "a death is forgotten");
	must(checker, !this->died || this->died == OWNER_ENDS || is_entry_of(checker, owner, this->died),
	     "a death goes on with another's entry");
	must(checker, owner_is_needed(store, owner), "an owner is not needed any more");
	all->entries += sum.entries;
	all->notices += sum.notices;
	all->subscriptions += sum.subscriptions;
}

/* Those in a list say so; returns how many they are. */
static uint32_t check_list(struct checker *checker, const struct owner_list *list, enum owner_lists in,
                           const char *fault)
{
	uint32_t count = 0, last = 0, owner = list->first;

	while (owner && !checker->fault) {
		uint32_t following = owner_at(checker->store, owner)->list_next[in];

		must(checker, ++count <= checker->store->header->owners && following, fault);
		last = owner;
		owner = following == LIST_LAST ? 0 : following;
	}
	must(checker, last == list->last, fault);
	return count;
}

static void check_lists(struct checker *checker, uint32_t waking, uint32_t working)
{
	static const char wake[] = "the list of those to wake is wrong",
	                  work[] = "a list of unfinished work is wrong";
	const struct store_header *header = checker->store->header;
	uint32_t count;

	must(checker, check_list(checker, &header->wake, IN_WAKE, wake) == waking, wake);
	count = check_list(checker, &header->work[0], IN_WORK, work);
	count += check_list(checker, &header->work[1], IN_WORK, work);
	must(checker, count == working, work);
}

static void check_slots(struct checker *checker)
{
	const struct store *store = checker->store;

	uint32_t initials = 0;

	for (uint32_t slot = 0; slot < store->header->slots; slot++) {
		const struct subscription *this = &store->slots[slot];

		if (!this->owner ||
		    !must(checker, this->owner < store->header->fresh && this->length <= DS_PATTERN_MAX,
		          "a subscription has no owner, or is too long"))
			continue;
		checker_chain(checker, this->pattern, this->length, "a pattern's chain is wrong");
		initials += this->state == SUBSCRIPTION_INITIAL;
		must(checker, this->state == SUBSCRIPTION_WATCHES || owner_is_in(store, this->owner, IN_WORK),
		     "an unfinished subscription is forgotten");
		must(checker, this->state != SUBSCRIPTION_INITIAL || this->at <= store->directory_size,
		     "a subscription's position is beyond the end");
		must(checker,
		     this->state != SUBSCRIPTION_ENDS || !this->at ||
		             notice_at(store, this->at)->owner == this->owner,
		     "a subscription ends at another's notice");
	}
	must(checker, initials == store->header->initials, "unfinished subscriptions are miscounted");
}

void checker_owners(struct checker *checker)
{
	const struct store_header *header = checker->store->header;
	struct store_limits all = {0};
	uint32_t count = 0, waking = 0, working = 0;

	check_slots(checker);
	for (uint32_t i = 0; i < checker->store->owner_buckets && !checker->fault; i++)
		for (uint32_t owner = checker->store->owners[i];
		     owner && claim(checker, owner, "an owner is elsewhere, too");
		     owner = owner_at(checker->store, owner)->next) {
			check_owner(checker, owner, &all);
			waking += owner_is_in(checker->store, owner, IN_WAKE);
			working += owner_is_in(checker->store, owner, IN_WORK);
			count++;
		}
	must(checker, count == header->owners, "owners are not as many as counted");
	must(checker, all.entries == header->entries, "an entry is not in its owner's list");
	must(checker, all.notices == checker->notices, "a notice is not in its owner's queue");
	must(checker, all.subscriptions == header->subscriptions, "subscriptions are not as many as counted");
	check_lists(checker, waking, working);
}
