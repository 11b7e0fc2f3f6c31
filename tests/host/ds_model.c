/* SPDX-License-Identifier: MIT */
/* What a data store is, written as simply as can be: see ds_model.h. */
#include <errno.h>
#include <string.h>

#include "ds_model_inner.h"

#define RS (MODEL_PEOPLE - 1)

const char *const model_keys[MODEL_KEYS] = {
        "a",
        "ab",
        "abc",
        "abcd",
        "b",
        "eth",
        "vm",
        "eth.0",
        "eth.1",
        "eth.10",
        "disk.0",
        "x[y]",
        "0123456789012345678901234567890123456789012345678901234567x",
        "0123456789012345678901234567890123456789012345678901234567xy",
        "0123456789012345678901234567890123456789012345678901234567xyz",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678",
};

const char *const model_patterns[MODEL_PATTERNS] = {
        ".*",  "a|ab",    "abc?",     "eth\\.[0-9]+", "^eth\\.1$", "(b|a.*d)$",         "x\\[y\\]",
        "eth", "0{1}.*x", ".*y.*|vm", "a)|(b",        "a**",       "((a{99}){99}){99}", "[b",
};

const int model_pattern_errors[MODEL_PATTERNS] = {[10] = -EINVAL, -EINVAL, -E2BIG, -EINVAL};

const struct store_caller model_people[MODEL_PEOPLE] = {
        {.owner = {.endpoint = 1100}},
        {.owner = {.endpoint = 1101}},
        {.owner = {.endpoint = 1102}},
        {.owner = {.label = "eth", .endpoint = NONE}},
        {.owner = {.label = "vm", .endpoint = NONE}},
        {.owner = {.label = "rs", .endpoint = NONE}, .is_rs = 1},
};

int model_type_of(int entry)
{
	return entry % DS_TYPES;
}

uint32_t model_key_length(int entry)
{
	return (uint32_t)strlen(model_keys[entry / DS_TYPES]);
}

int model_is_service(int who)
{
	return model_people[who].owner.label[0] != '\0';
}

const struct store_limits *model_limits_of(const struct model *m, int who)
{
	return model_is_service(who) ? &m->service : &m->process;
}

void model_begin(struct model *model, const struct store_config *config)
{
	memset(model, 0, sizeof(*model));
	model->process = config->process;
	model->service = config->service;
}

/* ---- What is used ---- */

uint32_t model_bytes_of(const struct model *m, int who)
{
	uint32_t sum = 0;

	for (int e = 0; e < MODEL_ENTRIES; e++)
		if (m->entries[e].present && m->entries[e].owner == who)
			sum += model_key_length(e) + m->entries[e].length;
	for (int p = 0; p < MODEL_PATTERNS; p++)
		sum += m->owners[who].subscribed[p] ? (uint32_t)strlen(model_patterns[p]) : 0;
	return sum;
}

uint32_t model_entries_of(const struct model *m, int who)
{
	uint32_t sum = 0;

	for (int e = 0; e < MODEL_ENTRIES; e++)
		sum += m->entries[e].present && m->entries[e].owner == who;
	return sum;
}

uint32_t model_subscriptions_of(const struct model *m, int who)
{
	uint32_t sum = 0;

	for (int p = 0; p < MODEL_PATTERNS; p++)
		sum += m->owners[who].subscribed[p] != 0;
	return sum;
}

/* ---- Entries ---- */

static void release(struct model *m, struct model_entry *e)
{
	m->releases[m->release_count++] = e->maps[0];
	for (uint32_t i = e->snapshots; i > 0; i--)
		m->releases[m->release_count++] = e->maps[i];
	e->snapshots = e->last_snapshot = 0;
}

static int may_publish(const struct model *m, int who, int entry, int flags, uint32_t length)
{
	const struct model_entry *e = &m->entries[entry];
	int owner = e->present ? e->owner : who, type = model_type_of(entry);
	uint32_t bytes = model_bytes_of(m, owner) + length - (e->present ? e->length : 0);

	if (flags & ~DSF_PUBLISH)
		return -EINVAL;
	if (e->present && !(flags & DSF_OVERWRITE))
		return -EEXIST;
	if (e->present && e->owner != who && type != DS_TYPE_LABEL &&
	    (type == DS_TYPE_MAP || e->flags & DSF_PRIV_OVERWRITE))
		return -EPERM;
	if (type == DS_TYPE_LABEL)
		return OK;
	if (!e->present && model_entries_of(m, who) >= model_limits_of(m, who)->entries)
		return -EDQUOT;
	bytes += e->present ? 0 : model_key_length(entry);
	return bytes > model_limits_of(m, owner)->bytes && length >= (e->present ? e->length : 0) ? -EDQUOT
	                                                                                          : OK;
}

/* The entry is there, with its owner and flags; returns what subscribers are told. */
static uint32_t show(struct model *m, int who, int entry, int flags)
{
	struct model_entry *e = &m->entries[entry];
	uint32_t what = e->present ? DS_CHANGED : DS_CREATED;

	if (!e->present) {
		e->owner = who;
		e->joined = ++m->clock;
		m->directory[m->entry_count++] = entry;
	}
	if (e->owner == who)
		e->flags = flags & DSF_PRIV;
	e->present = 1;
	return what;
}

int model_publish(struct model *m, int who, int entry, const struct store_value *value, int flags)
{
	struct model_entry *e = &m->entries[entry];
	uint32_t length = model_type_of(entry) == DS_TYPE_U32 ? 0 : value->length, what;
	int result = may_publish(m, who, entry, flags, length);

	if (result != OK)
		return result;
	what = show(m, who, entry, flags);
	e->length = length;
	e->number = model_type_of(entry) == DS_TYPE_U32 ? value->number : 0;
	if (length)
		memcpy(e->value, value->bytes, length);
	model_tell(m, entry, what);
	return OK;
}

int model_publish_map(struct model *m, int who, int entry, const struct store_map *map, int flags)
{
	int result = may_publish(m, who, entry, flags, 0);
	uint32_t what;

	if (result != OK)
		return result;
	if (m->entries[entry].present)
		release(m, &m->entries[entry]);
	what = show(m, who, entry, flags);
	m->entries[entry].maps[0] = *map;
	model_tell(m, entry, what);
	return OK;
}

static int label_of(const struct model *m, endpoint_t endpoint)
{
	for (int e = DS_TYPE_LABEL; e < MODEL_ENTRIES; e += DS_TYPES)
		if (m->entries[e].present && m->entries[e].number == (uint32_t)endpoint)
			return e;
	return -1;
}

endpoint_t model_endpoint(const struct model *m, int who)
{
	if (!model_is_service(who))
		return model_people[who].owner.endpoint;
	for (int e = DS_TYPE_LABEL; e < MODEL_ENTRIES; e += DS_TYPES)
		if (m->entries[e].present &&
		    strcmp(model_keys[e / DS_TYPES], model_people[who].owner.label) == 0)
			return (endpoint_t)m->entries[e].number;
	return NONE;
}

int model_publish_label(struct model *m, int who, int entry, endpoint_t endpoint, int flags)
{
	int result = who == RS ? may_publish(m, who, entry, flags, 0) : -EPERM, named = label_of(m, endpoint);
	uint32_t what;

	if (endpoint < 0)
		return -EINVAL;
	if (result != OK)
		return result;
	if (named >= 0)
		return named == entry ? OK : -EEXIST;
	what = show(m, who, entry, flags);
	m->entries[entry].number = (uint32_t)endpoint;
	for (int i = 0; i < MODEL_PEOPLE; i++)
		if (strcmp(model_keys[entry / DS_TYPES], model_people[i].owner.label) == 0)
			m->owners[i].waking |= m->owners[i].notices || m->owners[i].lost;
	model_tell(m, entry, what);
	return OK;
}

int model_retrieve(const struct model *m, int who, int entry)
{
	const struct model_entry *e = &m->entries[entry];

	if (!e->present)
		return -ESRCH;
	return e->owner != who && e->flags & DSF_PRIV_RETRIEVE ? -EPERM : OK;
}

void model_end(struct model *m, int entry, uint32_t what)
{
	struct model_entry *e = &m->entries[entry];
	int position = 0;

	model_tell(m, entry, what);
	if (model_type_of(entry) == DS_TYPE_MAP)
		release(m, e);
	while (m->directory[position] != entry)
		position++;
	m->directory[position] = m->directory[--m->entry_count];
	e->present = 0;
	e->length = 0;
}

int model_delete(struct model *m, int who, int entry)
{
	const struct model_entry *e = &m->entries[entry];

	if (!e->present)
		return -ESRCH;
	if (model_type_of(entry) == DS_TYPE_LABEL ? who != RS : e->owner != who)
		return -EPERM;
	model_end(m, entry, DS_DELETED);
	return OK;
}

int model_snapshot(struct model *m, int who, int entry, const struct store_map *map, uint32_t *number)
{
	struct model_entry *e = &m->entries[entry];

	if (model_type_of(entry) != DS_TYPE_MAP)
		return -EINVAL;
	if (!e->present)
		return -ESRCH;
	if (e->owner != who && e->flags & DSF_PRIV_SNAPSHOT)
		return -EPERM;
	e->maps[++e->snapshots] = *map;
	*number = e->maps[e->snapshots].number = ++e->last_snapshot;
	return OK;
}

int model_drop_snapshot(struct model *m, int who, int entry, uint32_t number)
{
	struct model_entry *e = &m->entries[entry];
	uint32_t i = 1;

	if (model_type_of(entry) != DS_TYPE_MAP)
		return -EINVAL;
	if (!e->present)
		return -ESRCH;
	if (e->owner != who)
		return -EPERM;
	while (i <= e->snapshots && e->maps[i].number != number)
		i++;
	if (i > e->snapshots)
		return -ENOENT;
	m->releases[m->release_count++] = e->maps[i];
	memmove(&e->maps[i], &e->maps[i + 1], (e->snapshots - i) * sizeof(e->maps[0]));
	e->snapshots--;
	return OK;
}
