/* SPDX-License-Identifier: MIT */
/* links: tests/host/ds_machine.c tests/host/ds_memory.c lib/sys/ds.c lib/sys/ds_map.c lib/sys/ds_client.c
 * servers/ds/kept.c servers/ds/request.c servers/ds/owners.c servers/ds/later.c servers/ds/ranges.c
 * servers/ds/quotas.c servers/ds/lendings.c servers/ds/do_*.c servers/ds/store_*.c servers/ds/tx.c
 * lib/sys/journal.c lib/sys/once.c servers/ds/hash.c servers/ds/pattern*.c servers/ds/watch.c */
/*
 * Random calls of several clients, some of which die, while DS is killed at random places, in its recovery
 * too. A model, which knows of no kills, says what each call must answer and what must be there.
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

#define KEYS     5
#define WATCHER  (MACHINE_CLIENTS - 1) /* who is told of all changes */
#define SERVICES 2                     /* of the clients the first ones have labels */
#define ROUNDS   12
#define STEPS    1500

enum { U32, STR, MEM, TYPES };

static struct entry {
	int present, owner, flags; /* owner: the client */
	uint32_t value;
	int untold; /* the watcher is yet to be told of it */
} model[KEYS][TYPES];

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

/* A string or bytes, of a length that the number says, of which each differs from the others. */
static uint32_t make_text(char *text, uint32_t value)
{
	uint32_t length = value % 300;

	memset(text, 'a' + (int)(value % 26), length);
	length += (uint32_t)snprintf(text + length, 20, "%u", value);
	return length;
}

static int publish(uint32_t key, uint32_t type, uint32_t value, int flags)
{
	char text[400];
	uint32_t length = make_text(text, value);

	switch (type) {
	case U32:
		return ds_publish_u32(key_name(key), value, flags);
	case STR:
		return ds_publish_str(key_name(key), text, flags);
	default:
		return ds_publish_mem(key_name(key), text, length, flags);
	}
}

static int delete_entry(uint32_t key, uint32_t type)
{
	return type == U32   ? ds_delete_u32(key_name(key))
	       : type == STR ? ds_delete_str(key_name(key))
	                     : ds_delete_mem(key_name(key));
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
	default:
		result = ds_retrieve_mem(key_name(key), found, &size);
		assert_true(result != OK || (size == length && memcmp(found, text, length) == 0));
		return result;
	}
}

/* ---- Steps: each makes a call, and compares its result with the model's ---- */

static void step_publish(uint32_t client, uint32_t key, uint32_t type)
{
	struct entry *entry = &model[key][type];
	int overwrite = roll(2) ? DSF_OVERWRITE : 0, private = 0, expected = OK;
	uint32_t value = roll(100000);

	if (roll(3) == 0)
	private |= DSF_PRIV_OVERWRITE;
	if (roll(3) == 0)
	private |= DSF_PRIV_RETRIEVE;
	if (entry->present && !overwrite)
		expected = -EEXIST;
	else if (entry->present && entry->owner != (int)client && entry->flags & DSF_PRIV_OVERWRITE)
		expected = -EPERM;
	assert_int_equal(publish(key, type, value, overwrite | private), expected);
	if (expected != OK)
		return;
	if (!entry->present)
		entry->owner = (int)client;
	if (entry->owner == (int)client)
		entry->flags = private;
	entry->present = 1;
	entry->value = value;
	entry->untold = 1;
}

static void step_retrieve(uint32_t client, uint32_t key, uint32_t type)
{
	const struct entry *entry = &model[key][type];
	int expected = OK;

	if (!entry->present)
		expected = -ESRCH;
	else if (entry->flags & DSF_PRIV_RETRIEVE && entry->owner != (int)client)
		expected = -EPERM;
	assert_int_equal(retrieve(key, type, entry->value), expected);
}

static void step_delete(uint32_t client, uint32_t key, uint32_t type)
{
	struct entry *entry = &model[key][type];
	int expected = !entry->present ? -ESRCH : entry->owner != (int)client ? -EPERM : OK;

	assert_int_equal(delete_entry(key, type), expected);
	if (expected == OK) {
		entry->present = 0;
		entry->untold = 1;
	}
}

static void step_die(uint32_t client)
{
	machine_die(client);
	for (uint32_t key = 0; key < KEYS; key++) {
		for (uint32_t type = 0; type < TYPES; type++) {
			struct entry *entry = &model[key][type];

			if (!entry->present || entry->owner != (int)client)
				continue;
			entry->untold = 1;
			if (client >= SERVICES)
				entry->present = 0;
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

/* Each key that has changed is named, once, and says how it is now. */
static void step_check(void)
{
	struct ds_change change;
	int result;

	machine_be(WATCHER);
	while ((result = ds_check_change(&change)) == OK) {
		struct entry *entry = entry_named(&change);

		assert_non_null(entry);
		assert_true(entry->untold);
		entry->untold = 0;
		assert_int_equal((change.what & DS_DELETED) != 0, !entry->present);
	}
	assert_int_equal(result, -ENOENT);
	for (uint32_t key = 0; key < KEYS; key++)
		for (uint32_t type = 0; type < TYPES; type++)
			assert_false(model[key][type].untold);
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
	switch (roll(10)) {
	case 0:
		step_check();
		return;
	case 1:
		if (roll(4) == 0)
			step_die(client);
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
		machine_boot();
		machine_set_label(0, "one");
		machine_set_label(1, "two");
		machine_be(WATCHER);
		assert_int_equal(ds_subscribe("k\\..*", 0), OK);
		for (int i = 0; i < STEPS; i++)
			step();
		machine_kill_after(MACHINE_NEVER);
		step_check();
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
