/* SPDX-License-Identifier: MIT */
/* The model of the data store: who is told what, subscriptions, and death. */
#include <errno.h>
#include <regex.h>
#include <string.h>

#include "ds_model_inner.h"

/* The whole key, by the positions that the match has. */
static int matches(int pattern, int entry)
{
	static regex_t compiled[MODEL_PATTERNS];
	static int is_compiled[MODEL_PATTERNS];
	regmatch_t match;

	if (!is_compiled[pattern])
		is_compiled[pattern] =
		        regcomp(&compiled[pattern], model_patterns[pattern], REG_EXTENDED) == 0;
	return regexec(&compiled[pattern], model_keys[entry / DS_TYPES], 1, &match, 0) == 0 &&
	       match.rm_so == 0 && (uint32_t)match.rm_eo == model_key_length(entry);
}

/* ---- Notices ---- */

static int is_told(const struct model *m, int who, int entry)
{
	int matched = 0;

	for (int p = 0; p < MODEL_PATTERNS; p++)
		matched |= m->owners[who].subscribed[p] && matches(p, entry);
	return matched;
}

static void note(struct model *m, int who, int entry, uint32_t what)
{
	struct model_owner *owner = &m->owners[who];
	struct model_notice *notice = owner->queue;

	owner->waking = 1;
	while (notice < owner->queue + owner->notices && notice->entry != entry)
		notice++;
	if (notice == owner->queue + owner->notices) {
		if ((uint32_t)owner->notices == model_limits_of(m, who)->notices) {
			owner->lost = 1;
			return;
		}
		owner->notices++;
		*notice = (struct model_notice){entry, 0};
	}
	if ((what & 7) && !((what & DS_CHANGED) && (notice->what & DS_CREATED)))
		notice->what = (notice->what & DS_OWNER_DIED) | (what & 7);
	notice->what |= what & DS_OWNER_DIED;
}

void model_tell(struct model *m, int entry, uint32_t what)
{
	const struct model_entry *e = &m->entries[entry];

	for (int who = 0; who < MODEL_PEOPLE; who++)
		if (is_told(m, who, entry) && (!(e->flags & DSF_PRIV_SUBSCRIBE) || e->owner == who))
			note(m, who, entry, what);
}

static void take_out(struct model_owner *owner, int notice)
{
	owner->notices--;
	memmove(&owner->queue[notice], &owner->queue[notice + 1],
	        (size_t)(owner->notices - notice) * sizeof(owner->queue[0]));
}

void model_seen(struct model *m, int who)
{
	if (m->owners[who].notices)
		take_out(&m->owners[who], 0);
	else
		m->owners[who].lost = 0;
}

void model_opened(struct model *m)
{
	for (int who = 0; who < MODEL_PEOPLE; who++)
		m->owners[who].waking |= m->owners[who].notices || m->owners[who].lost;
}

/* ---- Subscriptions ---- */

int model_subscribe(struct model *m, int who, int pattern, int flags)
{
	struct model_owner *owner = &m->owners[who];

	if (flags & ~DSF_SUBSCRIBE)
		return -EINVAL;
	if (owner->subscribed[pattern] && !(flags & DSF_OVERWRITE))
		return -EEXIST;
	if (!owner->subscribed[pattern]) {
		if (model_subscriptions_of(m, who) == model_limits_of(m, who)->subscriptions ||
		    model_bytes_of(m, who) + strlen(model_patterns[pattern]) > model_limits_of(m, who)->bytes)
			return -EDQUOT;
		if (model_pattern_errors[pattern])
			return model_pattern_errors[pattern];
	}
	owner->subscribed[pattern] = 1;
	for (int i = 0; i < m->entry_count && flags & DSF_INITIAL; i++) {
		const struct model_entry *e = &m->entries[m->directory[i]];

		if (matches(pattern, m->directory[i]) &&
		    (!(e->flags & DSF_PRIV_SUBSCRIBE) || e->owner == who))
			note(m, who, m->directory[i], DS_CREATED);
	}
	return OK;
}

static void forget(struct model *m, int who)
{
	struct model_owner *owner = &m->owners[who];

	for (int i = owner->notices - 1; i >= 0; i--)
		if (!is_told(m, who, owner->queue[i].entry))
			take_out(owner, i);
	if (model_subscriptions_of(m, who) == 0)
		owner->lost = 0;
}

int model_unsubscribe(struct model *m, int who, int pattern)
{
	if (!m->owners[who].subscribed[pattern])
		return -ESRCH;
	m->owners[who].subscribed[pattern] = 0;
	forget(m, who);
	return OK;
}

/* ---- Death ---- */

static int youngest_of(const struct model *m, int who, uint32_t before)
{
	int found = -1;

	for (int e = 0; e < MODEL_ENTRIES; e++)
		if (m->entries[e].present && m->entries[e].owner == who && m->entries[e].joined < before &&
		    (found < 0 || m->entries[e].joined > m->entries[found].joined))
			found = e;
	return found;
}

void model_died(struct model *m, int who, int for_good)
{
	int all = for_good || !model_is_service(who);
	uint32_t before = UINT32_MAX;

	if (all) {
		memset(m->owners[who].subscribed, 0, sizeof(m->owners[who].subscribed));
		forget(m, who);
	}
	for (int e; (e = youngest_of(m, who, before)) >= 0;) {
		before = m->entries[e].joined;
		if (all || model_type_of(e) == DS_TYPE_MAP)
			model_end(m, e, DS_DELETED | DS_OWNER_DIED);
		else
			model_tell(m, e, DS_OWNER_DIED);
	}
}
