/* SPDX-License-Identifier: MIT */
/* links: servers/ds/store_*.c servers/ds/tx.c servers/ds/hash.c servers/ds/pattern*.c servers/ds/watch.c
 * lib/sys/once.c tests/host/journal_hooked.c tests/host/ds_world.c tests/host/ds_state.c
 * tests/host/ds_model.c tests/host/ds_model_notices.c tests/host/ds_model_state.c */
/*
 * Random operations by several people, on the store and on a model that is as simple as can be: results are
 * the same, and all that can be seen. Now and then DS is killed at a random store of an operation, or while
 * the successor opens, and again: then all is as before the operation or as after it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "journal_hook.h"
#include "ds_model.h"
#include "ds_world.h"
#include "seed.h"

#define STEPS     100000
#define KILL_EACH 8   /* steps, on average */
#define LOOK_EACH 100 /* steps: at all that can be seen */

static unsigned seed;
static struct model model, before;

static uint32_t any(uint32_t below)
{
	return (uint32_t)rand_r(&seed) % below;
}

/* ---- Death at a random store ---- */

static uint8_t *left; /* what was in the memory when DS was killed */
static uint32_t countdown;
static int killed;

static void count_down(void)
{
	if (countdown == 0 || --countdown > 0)
		return;
	world_save(left);
	killed = 1;
}

/* Soon, or in the midst of something long. */
static void arm(void)
{
	killed = 0;
	countdown = 1 + any(1u << any(9));
}

/* The successor finds what was left, and may be killed itself. */
static void succeed(void)
{
	do {
		world_restore(left);
		arm();
		countdown = any(2) ? countdown : 0;
		world_reopen();
		countdown = 0;
	} while (killed);
}

/* ---- Comparing ---- */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same text with its lines in order; takes the old one. */
static char *sorted(char *text)
{
	size_t length = strlen(text), count = 0;
	char **lines = calloc(length + 1, sizeof(*lines)), *result = calloc(1, length + 2);

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		lines[count++] = line;
	qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 0, at = 0; i < count; i++)
		at += (size_t)sprintf(result + at, "%s\n", lines[i]);
	free(lines);
	free(text);
	return result;
}

/* All of the store, which is left as it is: a copy is looked at, which a successor has opened. */
static char *store_text(void)
{
	uint8_t *copy = aligned_alloc(4096, world_bytes());
	struct store_config plain = config;
	struct store *other;
	char *text;

	world_save(copy);
	plain.make_present = NULL;
	assert_int_equal(store_open(&other, copy, world_bytes(), &plain), OK);
	text = sorted(state_of(other));
	store_close(other);
	free(copy);
	return text;
}

static int looks_like(const char *text, const struct model *m)
{
	static struct model opened;
	char *other;
	int same;

	opened = *m;
	model_opened(&opened);
	other = sorted(model_state(&opened, store));
	same = strcmp(text, other) == 0;
	free(other);
	return same;
}

static void must_look_like(const char *text, const struct model *m)
{
	if (!looks_like(text, m))
		fail_msg("this is not what the model says:\n%s", text);
}

static void compare(void)
{
	char *text = store_text();

	must_look_like(text, &model);
	free(text);
}

/* ---- Operations ---- */

static int who, entry;
static struct store_key key;

static uint32_t some_flags(uint32_t from)
{
	uint32_t flags = (uint32_t)rand_r(&seed) & from;

	if (any(3))
		flags &= ~(uint32_t)DSF_PRIV;
	return any(50) ? flags : flags | 1u << any(32);
}

static void do_publish(void)
{
	uint8_t bytes[MODEL_VALUE];
	struct store_value value = {bytes, any(any(4) ? 130 : MODEL_VALUE), (uint32_t)rand_r(&seed)};
	uint32_t flags = some_flags(DSF_PUBLISH);

	for (uint32_t i = 0; i < value.length; i++)
		bytes[i] = (uint8_t)(1 + any(255));
	assert_int_equal(store_publish(store, &model_people[who], &key, &value, flags),
	                 model_publish(&model, who, entry, &value, (int)flags));
}

static struct store_map some_map(void)
{
	uint32_t address = (uint32_t)rand_r(&seed);

	return (struct store_map){
	        .address = address, .length = 4096, .rights = 3, .server = {0, 0, 0, ~address}};
}

static void do_publish_map(void)
{
	struct store_map map = some_map();
	uint32_t flags = some_flags(DSF_PUBLISH);

	assert_int_equal(store_publish_map(store, &model_people[who], &key, &map, flags),
	                 model_publish_map(&model, who, entry, &map, (int)flags));
}

static void do_publish_label(void)
{
	endpoint_t endpoint = (endpoint_t)(any(10) ? 2000 + any(4) : 0u - any(5));
	uint32_t flags = some_flags(DSF_PUBLISH);

	who = any(5) ? MODEL_PEOPLE - 1 : who;
	assert_int_equal(store_publish_label(store, &model_people[who], &key, endpoint, flags),
	                 model_publish_label(&model, who, entry, endpoint, (int)flags));
}

static void do_something_with_it(void)
{
	uint32_t type = key.type;

	if (type == DS_TYPE_MAP)
		do_publish_map();
	else if (type == DS_TYPE_LABEL)
		do_publish_label();
	else
		do_publish();
}

static void do_retrieve(void)
{
	const struct model_entry *e = &model.entries[entry];
	uint8_t bytes[MODEL_VALUE];
	struct store_entry told;
	int result = store_retrieve(store, &model_people[who], &key, bytes, sizeof(bytes), &told);

	assert_int_equal(result, model_retrieve(&model, who, entry));
	if (result != OK || key.type == DS_TYPE_MAP)
		return;
	assert_int_equal(told.length, e->length);
	assert_memory_equal(bytes, e->value, e->length);
	assert_int_equal(told.number, key.type == DS_TYPE_U32 || key.type == DS_TYPE_LABEL ? e->number : 0);
}

static void do_delete(void)
{
	assert_int_equal(store_delete(store, &model_people[who], &key), model_delete(&model, who, entry));
}

static void do_snapshot(void)
{
	struct store_map map = some_map();
	uint32_t number = 0, expected = 0;
	int result;

	if (model.entries[entry].snapshots == MODEL_SNAPSHOTS)
		return;
	result = store_snapshot(store, &model_people[who], &key, &map, &number);

	assert_int_equal(result, model_snapshot(&model, who, entry, &map, &expected));
	assert_int_equal(number, expected);
}

/* One that there is, mostly. */
static void do_drop_snapshot(void)
{
	const struct model_entry *e = &model.entries[entry];
	uint32_t number = any(e->last_snapshot + 2);

	if (e->snapshots && any(4)) {
		number = e->maps[1 + any(e->snapshots)].number;
		who = e->owner;
	}
	assert_int_equal(store_drop_snapshot(store, &model_people[who], &key, number),
	                 model_drop_snapshot(&model, who, entry, number));
}

/* In parts of any size. */
static void go_on(void)
{
	while (store_go_on(store, 1 + any(1u << any(7))))
		;
}

static void do_subscribe(void)
{
	int pattern = (int)any(MODEL_PATTERNS);
	const char *text = model_patterns[pattern];
	uint32_t flags = some_flags(DSF_SUBSCRIBE), length = (uint32_t)strlen(text);

	if (any(3) == 0)
		assert_int_equal(store_unsubscribe(store, &model_people[who], text, length),
		                 model_unsubscribe(&model, who, pattern));
	else
		assert_int_equal(store_subscribe(store, &model_people[who], text, length, flags),
		                 model_subscribe(&model, who, pattern, (int)flags));
	go_on();
}

static void do_check(void)
{
	const struct model_owner *owner = &model.owners[who];
	struct store_change change;
	int result = store_change_next(store, &model_people[who], &change);

	assert_int_equal(result, owner->notices || owner->lost ? OK : -ENOENT);
	if (result != OK)
		return;
	if (owner->notices) {
		assert_string_equal(change.key, model_keys[owner->queue[0].entry / DS_TYPES]);
		assert_int_equal(change.type, owner->queue[0].entry % DS_TYPES);
	}
	assert_int_equal(change.what, owner->notices ? owner->queue[0].what : DS_LOST);
	if (any(4) == 0) {
		store_change_seen(store, &model_people[who], change.serial - 1);
		return;
	}
	store_change_seen(store, &model_people[who], change.serial);
	model_seen(&model, who);
}

/* All of them, since a predecessor may have woken them in another order. One operation of many transactions.
 */
static void do_wake(void)
{
	endpoint_t endpoint;

	countdown = 0;
	while (store_wake_next(store, &endpoint) == OK) {
		int woken = 0;

		while (woken < MODEL_PEOPLE &&
		       !(model.owners[woken].waking && model_endpoint(&model, woken) == endpoint))
			woken++;
		assert_in_range(woken, 0, MODEL_PEOPLE - 1);
		model.owners[woken].waking = 0;
	}
	for (int i = 0; i < MODEL_PEOPLE; i++) {
		assert_true(!model.owners[i].waking || model_endpoint(&model, i) == NONE);
		model.owners[i].waking = 0;
	}
}

static void do_release(void)
{
	struct store_map map;
	int result = store_release_next(store, &map);

	assert_int_equal(result, model.release_count ? OK : -ENOENT);
	if (result != OK)
		return;
	assert_memory_equal(&map, &model.releases[0], sizeof(map));
	store_released(store);
	model.release_count--;
	memmove(&model.releases[0], &model.releases[1], (size_t)model.release_count * sizeof(map));
}

static void do_die(void)
{
	int for_good = any(4) == 0;

	if (for_good)
		store_owner_ended(store, &model_people[who].owner);
	else
		store_owner_died(store, &model_people[who].owner);
	model_died(&model, who, for_good);
	go_on();
}

static void do_reopen(void)
{
	countdown = 0;
	world_reopen();
	model_opened(&model);
}

static const struct {
	void (*act)(void);
	uint32_t weight;
} acts[] = {{do_something_with_it, 40}, {do_retrieve, 10},  {do_delete, 12}, {do_snapshot, 12},
            {do_drop_snapshot, 8},      {do_subscribe, 10}, {do_check, 30},  {do_wake, 4},
            {do_release, 12},           {do_die, 1},        {do_reopen, 1}};

static void act(void)
{
	uint32_t all = 0, at, i = 0;

	for (uint32_t n = 0; n < sizeof(acts) / sizeof(acts[0]); n++)
		all += acts[n].weight;
	for (at = any(all); at >= acts[i].weight; i++)
		at -= acts[i].weight;
	who = (int)any(MODEL_PEOPLE);
	entry = (int)(any(MODEL_KEYS) * DS_TYPES + 1 + any(DS_TYPES - 1));
	key = key_of((uint32_t)entry % DS_TYPES, model_keys[entry / DS_TYPES]);
	acts[i].act();
}

/* ---- The test ---- */

static void act_and_be_killed(void)
{
	char *text;

	before = model;
	arm();
	act();
	countdown = 0;
	if (!killed)
		return;
	succeed();
	world_finish();
	text = store_text();
	if (looks_like(text, &before))
		model = before;
	else
		must_look_like(text, &model);
	model_opened(&model);
	free(text);
}

static void random_operations_and_kills_agree_with_a_model(void **state)
{
	(void)state;
	seed = test_seed();
	world_begin();
	world_end();
	config.process =
	        (struct store_limits){.entries = 10, .bytes = 700, .subscriptions = 3, .notices = 12};
	config.service =
	        (struct store_limits){.entries = 25, .bytes = 2000, .subscriptions = 5, .notices = 30};
	world_begin_sized(0x42000);
	model_begin(&model, &config);
	left = malloc(world_bytes());
	journal_hook = count_down;
	for (int step = 0; step < STEPS; step++) {
		if (any(KILL_EACH))
			act();
		else
			act_and_be_killed();
		if (step % LOOK_EACH == 0)
			compare();
		assert_null(store_check(store));
	}
	free(left);
	world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(random_operations_and_kills_agree_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
