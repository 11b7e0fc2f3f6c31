/* SPDX-License-Identifier: MIT */
/*
 * A service may have called before RS's message with its label came: then what it has is its process's. Once
 * the label is known the process's owner joins the label's, which takes one transaction: from there on it
 * counts as the label's, whatever becomes of the process and of the label. What it has is passed on in parts.
 */
#include "store_core.h"

/* Notices before subscriptions: so what is told both is told both alike. 0: all is passed on. */
static int pass_one(struct store *store, uint32_t owner, uint32_t to)
{
	struct owner *this = owner_at(store, owner);
	uint32_t slot = 0, notice = this->first_notice;

	store->work += WORK_SLOTS;
	if (this->lost) {
		notices_lose(store, to);
		tx_set(store, &this->lost, 0);
	} else if (notice) {
		notice_add(store, to, notice_at(store, notice)->entry, notice_at(store, notice)->what);
		notice_drop(store, notice);
	} else if (this->used.subscriptions) {
		while (store->slots[slot].owner != owner)
			slot++;
		subscription_pass(store, slot, to);
	} else if (this->first_entry)
		entry_pass(store, this->first_entry, to);
	else
		return 0;
	return 1;
}

void owner_pass_on(struct store *store, uint32_t owner, uint32_t end)
{
	uint32_t to = owner_itself(store, owner);
	int is_more;

	if (owner_at(store, to)->died)
		return;
	do {
		tx_begin(store);
		is_more = pass_one(store, owner, to);
		tx_commit(store);
	} while (is_more && store->work < end);
}

int store_owner_named(struct store *store, endpoint_t endpoint)
{
	const struct store_owner before = {.endpoint = endpoint};
	struct store_owner now;
	uint32_t owner = owner_find(store, &before), to;

	if (!owner || owner_at(store, owner)->died == OWNER_ENDS)
		return -ESRCH;
	store_owner_of(store, endpoint, &now);
	if (!now.label[0])
		return -ESRCH;
	to = owner_find(store, &now);
	if (!to && !room_for(store, owner_blocks(&now), 1))
		return -ENOSPC;
	tx_begin(store);
	if (!to)
		to = owner_make(store, &now);
	owner_join(store, owner, to);
	unfinished_note(store, to); /* so its requests wait */
	unfinished_note(store, owner);
	tx_commit(store);
	return OK;
}
