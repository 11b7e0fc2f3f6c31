/* SPDX-License-Identifier: MIT */
/* links: tests/host/ds_machine.c tests/host/ds_memory.c lib/sys/ds.c lib/sys/ds_map.c lib/sys/ds_client.c
 * servers/ds/kept.c servers/ds/request.c servers/ds/serve.c servers/ds/owners.c servers/ds/later.c
 * servers/ds/ranges.c servers/ds/quotas.c servers/ds/lendings.c servers/ds/do_*.c servers/ds/store_*.c
 * servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c servers/ds/pattern*.c servers/ds/watch.c
 */
/*
 * Random calls of several clients, some of which die, while DS is killed at random places, in its recovery
 * too. A model, which knows of no kills, says what each call must answer, what must be there, and who must
 * have been notified.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ds_machine.h"

#include "seed.h"

#define KEYS      5
#define WATCHER   (MACHINE_CLIENTS - 1) /* who is told of all changes, and makes none */
#define SERVICES  2                     /* of the clients the first ones have labels */
#define PATTERNS  4
#define SNAPSHOTS 2 /* of a range, at once */
#define PAGE      4096
#define ROUNDS    12
#define STEPS     1500

enum { U32, STR, MEM, MAP, TYPES };

struct snapshot {
	int number;
	uint32_t value;
};

static struct entry {
	int present, owner, flags; /* owner: the client */
	uint32_t value;
	int untold[MACHINE_CLIENTS]; /* they are yet to be told of it */
	int last_snapshot, snapshots;
	struct snapshot snapshot[SNAPSHOTS];
} model[KEYS][TYPES];

static int subscribed[MACHINE_CLIENTS][PATTERNS];

/* What each lends for each key: the one that it has published, and the next. */
static uint8_t memory[MACHINE_CLIENTS][KEYS][2][PAGE] __attribute__((aligned(PAGE)));

static uint32_t random_state;

static uint32_t roll(uint32_t sides)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % sides;
}

static const char *key_name(uint32_t key)
{
	static const char *const names[KEYS] = {"k.1", "k.22", "k.a-longer-key", "k.", "k.5"};

	return names[key];
}

static const struct {
	const char *text;
	int matches[KEYS];
} patterns[PATTERNS] = {
        {"k\\..*", {1, 1, 1, 1, 1}},
        {"k\\.(1|22)", {1, 1}},
        {"k\\.", {0, 0, 0, 1}},
        {"k\\.[0-9a]+.*y?", {1, 1, 1, 0, 1}},
};

static int is_subscribed(uint32_t client, uint32_t key)
{
	for (int i = 0; i < PATTERNS; i++)
		if (subscribed[client][i] && patterns[i].matches[key])
			return 1;
	return 0;
}

/* ---- Values ---- */

/* A string or bytes, of a length that the number says, of which each differs from the others. */
static uint32_t make_text(char *text, uint32_t value)
{
	uint32_t length = value % 300;

	memset(text, 'a' + (int)(value % 26), length);
	length += (uint32_t)snprintf(text + length, 20, "%u", value);
	return length;
}

static int publish_range(uint32_t client, uint32_t key, uint32_t value, int flags)
{
	uint8_t *page = memory[client][key][value % 2];
	int result;

	memset(page, (int)(value % 251), PAGE);
	result = ds_publish_map(key_name(key), page, PAGE, flags);
	return result;
}

/* A range's value is odd and even in turn, so its next one is in other memory. */
static int publish(uint32_t client, uint32_t key, uint32_t type, uint32_t value, int flags)
{
	char text[400];
	uint32_t length = make_text(text, value);

	switch (type) {
	case U32:
		return ds_publish_u32(key_name(key), value, flags);
	case STR:
		return ds_publish_str(key_name(key), text, flags);
	case MEM:
		return ds_publish_mem(key_name(key), text, length, flags);
	default:
		return publish_range(client, key, value, flags);
	}
}

static int delete_entry(uint32_t key, uint32_t type)
{
	return type == U32   ? ds_delete_u32(key_name(key))
	       : type == STR ? ds_delete_str(key_name(key))
	       : type == MEM ? ds_delete_mem(key_name(key))
	                     : ds_delete_map(key_name(key));
}

static int retrieve_range(uint32_t key, int number, uint32_t value)
{
	static uint8_t found[PAGE];
	size_t size = sizeof(found);
	int result = ds_retrieve_map(key_name(key), found, &size, number,
	                             number ? DSMF_COPY_SNAPSHOT : DSMF_COPY_MAPPED);

	for (size_t i = 0; result == OK && i < PAGE; i++)
		assert_int_equal(found[i], value % 251);
	return result;
}

/* Checks the value too, if it can be had. */
static int retrieve(uint32_t key, uint32_t type, uint32_t value)
{
	char text[400], found[400];
	uint32_t length = make_text(text, value), number = ~value;
	size_t size = sizeof(found);
	int result;

	switch (type) {
	case U32:
		result = ds_retrieve_u32(key_name(key), &number);
		assert_true(result != OK || number == value);
		return result;
	case STR:
		result = ds_retrieve_str(key_name(key), found, sizeof(found));
		assert_true(result != OK || strcmp(found, text) == 0);
		return result;
	case MEM:
		result = ds_retrieve_mem(key_name(key), found, &size);
		assert_true(result != OK || (size == length && memcmp(found, text, length) == 0));
		return result;
	default:
		return retrieve_range(key, 0, value);
	}
}

/* ---- The model ---- */

/* Everybody who may is told. */
static void tell(uint32_t key, uint32_t type)
{
	struct entry *entry = &model[key][type];

	for (uint32_t client = 0; client < MACHINE_CLIENTS; client++)
		if (is_subscribed(client, key) &&
		    (!(entry->flags & DSF_PRIV_SUBSCRIBE) || entry->owner == (int)client))
			entry->untold[client] = 1;
}

static int is_kept_from(const struct entry *entry, uint32_t client, int flag)
{
	return entry->flags & flag && entry->owner != (int)client;
}

static int random_flags(void)
{
	int private = 0;

	if (roll(3) == 0)
	private |= DSF_PRIV_OVERWRITE;
	if (roll(3) == 0)
	private |= DSF_PRIV_RETRIEVE;
	if (roll(6) == 0)
	private |= DSF_PRIV_SUBSCRIBE;
	if (roll(3) == 0)
	private |= DSF_PRIV_SNAPSHOT;
	return private;
}

/* ---- Steps: each makes a call, and compares its result with the model's ---- */

static int expected_of_publish(const struct entry *entry, uint32_t client, uint32_t type, int overwrite)
{
	if (!entry->present)
		return OK;
	if (!overwrite)
		return -EEXIST;
	if (type == MAP && entry->owner != (int)client)
		return -EPERM;
	return is_kept_from(entry, client, DSF_PRIV_OVERWRITE) ? -EPERM : OK;
}

static void step_publish(uint32_t client, uint32_t key, uint32_t type)
{
	struct entry *entry = &model[key][type];
	int overwrite = roll(2) ? DSF_OVERWRITE : 0, private = random_flags();
	int expected = expected_of_publish(entry, client, type, overwrite);
	uint32_t value = roll(50000) * 2 + !(entry->value % 2);

	assert_int_equal(publish(client, key, type, value, overwrite | private), expected);
	if (expected != OK)
		return;
	if (!entry->present)
		entry->owner = (int)client;
	if (entry->owner == (int)client)
		entry->flags = private;
	entry->present = 1;
	entry->value = value;
	entry->snapshots = entry->last_snapshot = 0;
	tell(key, type);
}

static void step_retrieve(uint32_t client, uint32_t key, uint32_t type)
{
	const struct entry *entry = &model[key][type];
	int expected = !entry->present                                  ? -ESRCH
	               : is_kept_from(entry, client, DSF_PRIV_RETRIEVE) ? -EPERM
	                                                                : OK;

	assert_int_equal(retrieve(key, type, entry->value), expected);
	if (type == MAP && expected == OK)
		for (int i = 0; i < entry->snapshots; i++)
			assert_int_equal(
			        retrieve_range(key, entry->snapshot[i].number, entry->snapshot[i].value), OK);
}

static void step_delete(uint32_t client, uint32_t key, uint32_t type)
{
	struct entry *entry = &model[key][type];
	int expected = !entry->present ? -ESRCH : entry->owner != (int)client ? -EPERM : OK;

	assert_int_equal(delete_entry(key, type), expected);
	if (expected != OK)
		return;
	entry->present = 0;
	tell(key, type);
}

static void drop_snapshot(struct entry *entry, uint32_t key)
{
	machine_be((uint32_t)entry->owner);
	assert_int_equal(ds_drop_snapshot(key_name(key), entry->snapshot[0].number), OK);
	assert_int_equal(retrieve_range(key, entry->snapshot[0].number, 0), -ENOENT);
	entry->snapshot[0] = entry->snapshot[1];
	entry->snapshots--;
}

static void step_snapshot(uint32_t client, uint32_t key)
{
	struct entry *entry = &model[key][MAP];
	int number = 0, expected = !entry->present ? -ESRCH
	                           : is_kept_from(entry, client, DSF_PRIV_SNAPSHOT | DSF_PRIV_RETRIEVE)
	                                   ? -EPERM
	                                   : OK;

	if (entry->present && entry->snapshots == SNAPSHOTS) {
		drop_snapshot(entry, key);
		return;
	}
	assert_int_equal(ds_snapshot_map(key_name(key), &number), expected);
	if (expected != OK)
		return;
	assert_int_equal(number, ++entry->last_snapshot);
	entry->snapshot[entry->snapshots++] = (struct snapshot){number, entry->value};
}

static void step_subscribe(uint32_t client)
{
	uint32_t pattern = roll(PATTERNS);
	int flags = (roll(2) ? DSF_INITIAL : 0) | (roll(2) ? DSF_OVERWRITE : 0);
	int expected = subscribed[client][pattern] && !(flags & DSF_OVERWRITE) ? -EEXIST : OK;

	assert_int_equal(ds_subscribe(patterns[pattern].text, flags), expected);
	if (expected != OK)
		return;
	subscribed[client][pattern] = 1;
	for (uint32_t key = 0; flags & DSF_INITIAL && key < KEYS; key++)
		for (uint32_t type = 0; type < TYPES; type++) {
			struct entry *entry = &model[key][type];

			if (entry->present && patterns[pattern].matches[key] &&
			    !is_kept_from(entry, client, DSF_PRIV_SUBSCRIBE))
				entry->untold[client] = 1;
		}
}

/* What none of its subscriptions matches it is not told any more. */
static void forget(uint32_t client)
{
	for (uint32_t key = 0; key < KEYS; key++)
		for (uint32_t type = 0; type < TYPES; type++)
			model[key][type].untold[client] &= is_subscribed(client, key);
}

static void step_unsubscribe(uint32_t client)
{
	uint32_t pattern = roll(PATTERNS);

	assert_int_equal(ds_unsubscribe(patterns[pattern].text), subscribed[client][pattern] ? OK : -ESRCH);
	subscribed[client][pattern] = 0;
	forget(client);
}

/* Of a process that has no label all goes, of a service its ranges. */
static void step_die(uint32_t client)
{
	machine_die(client);
	if (client >= SERVICES) {
		memset(subscribed[client], 0, sizeof(subscribed[client]));
		forget(client);
	}
	for (uint32_t key = 0; key < KEYS; key++) {
		for (uint32_t type = 0; type < TYPES; type++) {
			struct entry *entry = &model[key][type];

			if (!entry->present || entry->owner != (int)client)
				continue;
			if (client >= SERVICES || type == MAP)
				entry->present = 0;
			tell(key, type);
		}
	}
}

static struct entry *entry_named(const struct ds_change *change)
{
	for (uint32_t key = 0; key < KEYS; key++)
		if (strcmp(key_name(key), change->key) == 0)
			return &model[key][change->type - DS_TYPE_U32];
	return NULL;
}

static int count_untold(uint32_t client)
{
	int count = 0;

	for (uint32_t key = 0; key < KEYS; key++)
		for (uint32_t type = 0; type < TYPES; type++)
			count += model[key][type].untold[client];
	return count;
}

/* Who has something to be told has been notified; and each key that has changed is named, once, and says how
 * it is now. */
static void step_check(uint32_t client)
{
	struct ds_statistics statistics;
	struct ds_change change;
	int result;

	machine_be(client);
	assert_int_equal(ds_stats(&statistics), OK); /* it may be dead: its successor is to notify */
	if (!machine_notified(client))
		assert_int_equal(count_untold(client), 0);
	while ((result = ds_check_change(&change)) == OK) {
		struct entry *entry = entry_named(&change);

		assert_non_null(entry);
		assert_true(entry->untold[client]);
		entry->untold[client] = 0;
		if (!is_kept_from(entry, client, DSF_PRIV_SUBSCRIBE)) /* what it is now is no news for it */
			assert_int_equal((change.what & DS_DELETED) != 0, !entry->present);
	}
	assert_int_equal(result, -ENOENT);
	assert_int_equal(count_untold(client), 0);
	machine_notified(client);
}

/* ---- Kills ---- */

static void maybe_kill(void)
{
	if (roll(3) == 0)
		machine_kill_twice(roll(200), roll(2) ? roll(150) : MACHINE_NEVER);
	if (roll(20) == 0)
		machine_stay_dead(roll(4));
}

static void step(void)
{
	uint32_t client = roll(WATCHER), key = roll(KEYS), type = roll(TYPES);

	maybe_kill();
	machine_be(client);
	switch (roll(14)) {
	case 0:
		step_check(roll(3) ? client : WATCHER);
		return;
	case 1:
		if (roll(4) == 0)
			step_die(client);
		return;
	case 10:
		step_snapshot(client, key);
		return;
	case 11:
		step_subscribe(client);
		return;
	case 12:
		step_unsubscribe(client);
		return;
	case 2:
	case 3:
		step_delete(client, key, type);
		return;
	case 4:
	case 5:
		step_retrieve(client, key, type);
		return;
	default:
		step_publish(client, key, type);
		return;
	}
}

static void all_is_as_if_there_had_been_no_kills(void **state)
{
	(void)state;
	random_state = test_seed();
	for (int round = 0; round < ROUNDS; round++) {
		memset(model, 0, sizeof(model));
		memset(subscribed, 0, sizeof(subscribed));
		machine_boot();
		machine_set_label(0, "one");
		machine_set_label(1, "two");
		machine_be(WATCHER);
		assert_int_equal(ds_subscribe(patterns[0].text, 0), OK);
		subscribed[WATCHER][0] = 1;
		for (int i = 0; i < STEPS; i++)
			step();
		machine_kill_after(MACHINE_NEVER);
		for (uint32_t client = 0; client < MACHINE_CLIENTS; client++)
			step_check(client);
		machine_check();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_is_as_if_there_had_been_no_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
