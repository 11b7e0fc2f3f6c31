/* SPDX-License-Identifier: MIT */
/* All that can be seen of the model, in the words of state_of() (ds_world.c), and the blocks that it has to
 * take. */
#include <stdio.h>
#include <string.h>

#include "ds_model_inner.h"

static uint32_t chunks(uint32_t bytes)
{
	return (bytes + 59) / 60;
}

/* Whether anybody is still to be told of it. */
static int has_notice(const struct model *m, int entry)
{
	for (int who = 0; who < MODEL_PEOPLE; who++)
		for (int i = 0; i < m->owners[who].notices; i++)
			if (m->owners[who].queue[i].entry == entry)
				return 1;
	return 0;
}

static int is_known(const struct model *m, int who)
{
	const struct model_owner *owner = &m->owners[who];
	int known = owner->notices || owner->lost || owner->waking || model_subscriptions_of(m, who);

	for (int e = 0; e < MODEL_ENTRIES && !known; e++)
		known = m->entries[e].owner == who && (m->entries[e].present || has_notice(m, e));
	return known;
}

static uint32_t blocks_of_entry(const struct model *m, int entry)
{
	const struct model_entry *e = &m->entries[entry];

	if (!e->present && !has_notice(m, entry))
		return 0;
	return 1 + chunks(model_key_length(entry)) + (e->present ? chunks(e->length) : 0) +
	       (e->present && model_type_of(entry) == DS_TYPE_MAP ? 1 + e->snapshots : 0);
}

static uint32_t blocks_of_owner(const struct model *m, int who)
{
	uint32_t blocks = (uint32_t)m->owners[who].notices;

	if (is_known(m, who))
		blocks += 1 + chunks((uint32_t)strlen(model_people[who].owner.label));
	for (int p = 0; p < MODEL_PATTERNS; p++)
		blocks += m->owners[who].subscribed[p] ? chunks((uint32_t)strlen(model_patterns[p])) : 0;
	return blocks;
}

static uint32_t blocks_used(const struct model *m)
{
	uint32_t blocks = (uint32_t)m->release_count;

	for (int e = 0; e < MODEL_ENTRIES; e++)
		blocks += blocks_of_entry(m, e);
	for (int who = 0; who < MODEL_PEOPLE; who++)
		blocks += blocks_of_owner(m, who);
	return blocks;
}

static uint32_t patterns_used(const struct model *m)
{
	uint32_t count = 0;

	for (int p = 0; p < MODEL_PATTERNS; p++) {
		int used = 0;

		for (int who = 0; who < MODEL_PEOPLE; who++)
			used |= m->owners[who].subscribed[p];
		count += used != 0;
	}
	return count;
}

static void write_owner(FILE *file, const struct model *m, int who)
{
	fprintf(file, " owner %s %d", model_people[who].owner.label, model_endpoint(m, who));
}

static void write_map(FILE *file, const char *what, const struct store_map *map)
{
	fprintf(file, "%s %u: %x %x %x %x\n", what, map->number, map->address, map->length, map->rights,
	        map->server[3]);
}

static void write_entry(FILE *file, const struct model *m, int entry)
{
	const struct model_entry *e = &m->entries[entry];
	int type = model_type_of(entry);

	fprintf(file, "%s type %d flags %x number %u length %u", model_keys[entry / DS_TYPES], type, e->flags,
	        type == DS_TYPE_U32 || type == DS_TYPE_LABEL ? e->number : 0,
	        type == DS_TYPE_MAP ? e->maps[0].length : e->length);
	write_owner(file, m, e->owner);
	for (uint32_t i = 0; i < e->length; i++)
		fprintf(file, "%02x", e->value[i]);
	fprintf(file, "\n");
	for (uint32_t i = 0; type == DS_TYPE_MAP && i <= e->snapshots; i++)
		write_map(file, "map", &e->maps[i]);
}

static void write_subscriptions(FILE *file, const struct model *m, int who)
{
	for (int p = 0; p < MODEL_PATTERNS; p++) {
		if (!m->owners[who].subscribed[p])
			continue;
		fprintf(file, "pattern %s", model_patterns[p]);
		write_owner(file, m, who);
		fprintf(file, "\n");
	}
}

static void write_what(FILE *file, uint32_t what)
{
	fprintf(file, "%s%s%s%s%s", what & DS_CREATED ? " created" : "", what & DS_CHANGED ? " changed" : "",
	        what & DS_DELETED ? " deleted" : "", what & DS_OWNER_DIED ? " died" : "",
	        what & DS_LOST ? " lost" : "");
}

static void write_changes(FILE *file, const struct model *m, int who)
{
	const struct model_owner *owner = &m->owners[who];

	for (int i = 0; i < owner->notices; i++) {
		int entry = owner->queue[i].entry;

		write_owner(file, m, who);
		fprintf(file, " is told %d: %s type %d", i + 1, model_keys[entry / DS_TYPES],
		        model_type_of(entry));
		write_what(file, owner->queue[i].what);
		fprintf(file, ", of");
		write_owner(file, m, m->entries[entry].owner);
		fprintf(file, "\n");
	}
	if (!owner->lost)
		return;
	write_owner(file, m, who);
	fprintf(file, " is told %d:  type 0 lost, of owner  %d\n", owner->notices + 1, NONE);
}

static void write_person(FILE *file, const struct model *m, int who)
{
	if (is_known(m, who)) {
		write_owner(file, m, who);
		fprintf(file, " has %u %u %u %d\n", model_entries_of(m, who), model_bytes_of(m, who),
		        model_subscriptions_of(m, who), m->owners[who].notices);
	}
	if (m->owners[who].waking && model_endpoint(m, who) != NONE)
		fprintf(file, "wake %d\n", model_endpoint(m, who));
	write_subscriptions(file, m, who);
	write_changes(file, m, who);
}

char *model_state(const struct model *m, const struct store *store)
{
	struct store_statistics statistics;
	size_t length;
	char *text;
	FILE *file = open_memstream(&text, &length);

	store_statistics(store, &statistics);
	fprintf(file, "free %u of %u, releases %d, patterns %u\n", statistics.blocks - blocks_used(m),
	        statistics.blocks, m->release_count, patterns_used(m));
	for (int i = 0; i < m->entry_count; i++)
		write_entry(file, m, m->directory[i]);
	for (int i = 0; i < m->release_count; i++)
		write_map(file, "release", &m->releases[i]);
	for (int who = 0; who < MODEL_PEOPLE; who++)
		write_person(file, m, who);
	fclose(file);
	return text;
}
