/* SPDX-License-Identifier: MIT */
/*
 * Of each client the answer to the last call that was done for it. A call's answer is committed with what the
 * call has changed: so whether a call that comes again was done is one comparison.
 */
#include <string.h>

#include "store_core.h"

static struct answer *place_of(const struct store *store, endpoint_t endpoint)
{
	return &store->answers[ENDPOINT_SLOT(endpoint)];
}

/* What it says of an earlier process in this slot is replaced at the same stroke. */
void answer_keep(struct store *store, const struct store_caller *caller, uint64_t answer)
{
	endpoint_t endpoint = caller->owner.endpoint;
	struct answer *place = place_of(store, endpoint);

	if (caller->serial == 0)
		return;
	if (place->endpoint != (uint32_t)endpoint)
		tx_set(store, &place->endpoint, (uint32_t)endpoint);
	once_answer(&store->journal, &place->once, caller->serial, OK, &answer, sizeof(answer));
}

int store_is_done(const struct store *store, endpoint_t endpoint, uint64_t serial, uint64_t *answer)
{
	const struct answer *place = place_of(store, endpoint);
	struct once_outcome outcome;

	once_tell(place->endpoint == (uint32_t)endpoint ? &place->once : NULL, serial, &outcome);
	if (!outcome.is_done)
		return 0;
	memcpy(answer, outcome.reply, sizeof(*answer));
	return 1;
}
