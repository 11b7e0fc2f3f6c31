/* SPDX-License-Identifier: MIT */
/* All that can be seen of a store, as text: see ds_world.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ds_world.h"

static void write_owner(FILE *file, const struct store_owner *owner)
{
	fprintf(file, " owner %s %d", owner->label, owner->endpoint);
}

static void write_value(FILE *file, const struct store *of, const struct store_caller *caller,
                        const struct store_entry *entry)
{
	struct store_key key = key_of(entry->type, entry->key);
	struct store_entry again;
	char *value = calloc(1, entry->length + 1);

	assert_int_equal(store_retrieve(of, caller, &key, value, entry->length, &again), OK);
	assert_memory_equal(entry, &again, sizeof(again));
	if (entry->type == DS_TYPE_STR || entry->type == DS_TYPE_MEM)
		for (uint32_t i = 0; i < entry->length; i++)
			fprintf(file, "%02x", (uint8_t)value[i]);
	free(value);
}

/* As its owner sees it, who sees all: found by asking in the name of each owner. */
static void write_entry(FILE *file, const struct store *of, uint32_t position)
{
	struct store_account account;
	struct store_entry entry;

	for (uint32_t i = 0; store_list_owner(of, i, &account) == OK; i++) {
		struct store_caller caller = {.owner = account.owner};

		if (store_list(of, &caller, position, &entry) != OK ||
		    memcmp(&entry.owner, &account.owner, sizeof(entry.owner)) != 0)
			continue;
		fprintf(file, "%s type %u flags %x number %u length %u", entry.key, entry.type, entry.flags,
		        entry.number, entry.length);
		write_owner(file, &entry.owner);
		write_value(file, of, &caller, &entry);
		fprintf(file, "\n");
		return;
	}
	fail_msg("nobody owns entry %u", position);
}

static void write_map(FILE *file, const char *what, const struct store_map *map)
{
	fprintf(file, "%s %u: %x %x %x %x\n", what, map->number, map->address, map->length, map->rights,
	        map->server[3]);
}

static void write_maps(FILE *file, struct store *of)
{
	struct store_map map;
	uint64_t position = 0;

	while (store_map_next(of, &position, &map, NULL) == OK)
		write_map(file, "map", &map);
	for (; store_release_next(of, &map) == OK; store_released(of))
		write_map(file, "release", &map);
}

static void write_subscriptions(FILE *file, const struct store *of)
{
	char pattern[DS_PATTERN_MAX + 1];
	struct store_owner owner;

	for (uint32_t i = 0; store_list_subscription(of, i, pattern, &owner) == OK; i++) {
		fprintf(file, "pattern %s", pattern);
		write_owner(file, &owner);
		fprintf(file, "\n");
	}
}

static void write_owners(FILE *file, const struct store *of)
{
	struct store_account account;

	for (uint32_t i = 0; store_list_owner(of, i, &account) == OK; i++) {
		write_owner(file, &account.owner);
		fprintf(file, " has %u %u %u %u\n", account.used.entries, account.used.bytes,
		        account.used.subscriptions, account.used.notices);
	}
}

static void write_changes_of(FILE *file, struct store *of, const struct store_owner *owner)
{
	struct store_caller caller = {.owner = *owner};
	struct store_change change;
	uint32_t before = 0, number = 0;

	while (store_change_next(of, &caller, &change) == OK) {
		char what[64] = "";

		assert_int_not_equal(change.serial, before);
		before = change.serial;
		world_what(what, change.what);
		write_owner(file, owner);
		fprintf(file, " is told %u: %s type %u%s, of", ++number, change.key, change.type, what);
		write_owner(file, &change.owner);
		fprintf(file, "\n");
		store_change_seen(of, &caller, change.serial);
	}
}

/* An owner may be gone when it has been told all, so the list is read first. */
static void write_changes(FILE *file, struct store *of)
{
	struct store_statistics statistics;
	struct store_account *accounts;

	store_statistics(of, &statistics);
	accounts = calloc(statistics.owners + 1, sizeof(*accounts));
	for (uint32_t i = 0; i < statistics.owners; i++)
		assert_int_equal(store_list_owner(of, i, &accounts[i]), OK);
	for (uint32_t i = 0; i < statistics.owners; i++)
		write_changes_of(file, of, &accounts[i].owner);
	free(accounts);
}

static int compare(const void *a, const void *b)
{
	return *(const endpoint_t *)a - *(const endpoint_t *)b;
}

/* In what order they are woken does not matter. */
static void write_wakes(FILE *file, struct store *of)
{
	endpoint_t woken[STORE_SUBSCRIPTIONS];
	size_t count = 0;

	while (count < STORE_SUBSCRIPTIONS && store_wake_next(of, &woken[count]) == OK)
		count++;
	qsort(woken, count, sizeof(woken[0]), compare);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "wake %d\n", woken[i]);
}

char *state_of(struct store *of)
{
	struct store_statistics statistics;
	char *text;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	while (store_go_on(of, STORE_WORK))
		;
	store_statistics(of, &statistics);
	for (uint32_t i = 0; i < statistics.used.entries; i++)
		write_entry(file, of, i);
	fprintf(file, "free %u of %u, releases %u, patterns %u\n", statistics.blocks_free, statistics.blocks,
	        statistics.releases, statistics.patterns);
	write_owners(file, of);
	write_subscriptions(file, of);
	write_wakes(file, of);
	write_maps(file, of);
	write_changes(file, of);
	assert_null(store_check(of));
	fclose(file);
	return text;
}
