/* SPDX-License-Identifier: MIT */
/* links: servers/ds/store_*.c servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c
 * servers/ds/pattern*.c servers/ds/watch.c tests/host/ds_world.c tests/host/ds_state.c */
/*
 * What takes long is done in bounded parts, goes on where a predecessor has been, and lets others go on
 * meanwhile; and nobody can make what others publish dear. Work is counted, in the store's own units.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ds_world.h"
#include "seed.h"
#include "servers/ds/store_core.h"

#define ENTRIES 600
#define PART    64 /* units of work */
#define DEAR    "(.*b|.*c|.*d)*Z"

static unsigned seed;

static uint32_t any(uint32_t below)
{
	return (uint32_t)rand_r(&seed) % below;
}

/* As long as keys may be. */
static void long_key(char *text, int number)
{
	memset(text, 'a', DS_KEY_MAX);
	text[DS_KEY_MAX] = '\0';
	sprintf(text + DS_KEY_MAX - 6, "%06d", number);
}

static void fill(const struct store_caller *caller, int count)
{
	char text[DS_KEY_SIZE];

	for (int i = 0; i < count; i++) {
		long_key(text, i);
		assert_int_equal(publish_u32(caller, text, 1, 0), OK);
	}
}

static void check(void)
{
	const char *fault = store_check(store);

	if (fault)
		fail_msg("%s", fault);
}

/* More than one part may be by no more than what one publish costs. */
static uint32_t most_of_a_part(void)
{
	return PART + watch_work(watch_cost(store->watch), DS_KEY_MAX) + WORK_TELL + 3 * WORK_SLOTS + 10;
}

/* Each part on its own; DS dies after each of them, too. Returns how many it took. */
static uint32_t count_parts(int dies)
{
	uint32_t parts = 0;
	int is_more = 1;

	for (; is_more; parts++) {
		is_more = store_go_on(store, PART);
		assert_in_range(store->work, 0, most_of_a_part());
		if (dies)
			world_reopen();
		else if (parts % 16 == 0)
			check();
	}
	return parts;
}

static void big_world(void)
{
	store_config_default(&config);
	world_begin_sized(0x100000);
}

/* ---- Parts ---- */

static uint32_t parts_of(void (*begin)(void), int dies)
{
	uint32_t parts;

	big_world();
	fill(&bob, ENTRIES);
	assert_int_equal(subscribe(&eth, "a.*", 0), OK);
	begin();
	parts = count_parts(dies);
	assert_false(store_must_wait(store, &ann.owner));
	return parts;
}

static void begin_initial(void)
{
	assert_int_equal(begin_to_subscribe(&ann, DEAR, DSF_INITIAL), OK);
}

static void begin_death(void)
{
	assert_int_equal(subscribe(&ann, DEAR, 0), OK);
	store_owner_died(store, &bob.owner);
}

static void fill_for_a_service(void)
{
	assert_int_equal(subscribe(&ann, "aa.*", DSF_INITIAL), OK);
	for (int i = 0; i < ENTRIES; i++) {
		char text[DS_KEY_SIZE];

		long_key(text, ENTRIES + i);
		assert_int_equal(publish_u32(&eth, text, 1, 0), OK);
	}
}

static void begin_death_of_a_service(void)
{
	fill_for_a_service();
	store_owner_died(store, &eth.owner);
}

static void begin_end_of_a_service(void)
{
	fill_for_a_service();
	store_owner_ended(store, &eth.owner);
}

static void begin_unsubscription(void)
{
	assert_int_equal(subscribe(&ann, ".*", DSF_INITIAL), OK);
	assert_int_equal(subscribe(&ann, DEAR, 0), OK);
	assert_int_equal(store_unsubscribe(store, &ann, ".*", 2), OK);
}

static void long_work_is_done_in_bounded_parts_and_never_from_its_start(void **state)
{
	static void (*const begins[])(void) = {begin_initial, begin_death, begin_death_of_a_service,
	                                       begin_end_of_a_service, begin_unsubscription};

	(void)state;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		uint32_t parts = parts_of(begins[i], 0);

		assert_in_range(parts, 10, 10000);
		assert_int_equal(parts_of(begins[i], 1), parts);
	}
}

static void opening_does_nothing_of_it(void **state)
{
	(void)state;
	big_world();
	fill(&bob, ENTRIES);
	begin_initial();
	store_owner_died(store, &bob.owner);
	world_reopen();
	assert_int_equal(store->work, 0);
	assert_true(store_must_wait(store, &ann.owner));
	assert_true(store_must_wait(store, &bob.owner));
	assert_false(store_must_wait(store, &eth.owner));
	world_finish();
}

/* ---- Meanwhile ---- */

/* What of the changes that Ann is told is about this key. */
static uint32_t what_is_told_of(const char *key)
{
	struct store_change change;
	uint32_t what = 0, count = 0;

	for (; store_change_next(store, &ann, &change) == OK; store_change_seen(store, &ann, change.serial)) {
		if (strcmp(change.key, key) != 0)
			continue;
		what = change.what;
		count++;
	}
	assert_int_equal(count, 1);
	return what;
}

static void what_the_dead_had_is_gone_at_once(void **state)
{
	struct store_entry entry;
	char first[DS_KEY_SIZE], last[DS_KEY_SIZE];
	uint32_t number, shown = 0;

	(void)state;
	big_world();
	fill(&bob, ENTRIES);
	long_key(first, 0);
	long_key(last, ENTRIES - 1);
	assert_int_equal(publish_map(&bob, "range", 0x1000, 0), OK);
	assert_int_equal(subscribe(&ann, "a.*", 0), OK);
	store_owner_died(store, &bob.owner);
	assert_int_equal(retrieve_u32(&eth, first, &number), -ESRCH);
	assert_int_equal(delete_u32(&bob, first), -ESRCH);
	for (uint32_t i = 0; i < ENTRIES; i++)
		shown += store_list(store, &eth, i, &entry) == OK;
	assert_int_equal(shown, 0);
	assert_int_equal(publish_u32(&eth, first, 7, 0), OK);
	assert_int_equal(publish_map(&eth, "range", 0x2000, 0), OK);
	assert_int_equal(publish_u32(&eth, last, 8, DSF_OVERWRITE), OK);
	world_finish();
	assert_int_equal(what_is_told_of(first), DS_CREATED | DS_OWNER_DIED);
	assert_int_equal(retrieve_u32(&ann, first, &number), OK);
	assert_int_equal(number, 7);
	assert_int_equal(retrieve_u32(&ann, last, &number), OK);
	assert_int_equal(number, 8);
}

static void who_asks_for_little_does_not_wait_for_who_asks_for_much(void **state)
{
	uint32_t parts = 0;

	(void)state;
	big_world();
	fill(&bob, ENTRIES);
	for (int i = 0; i < 5; i++) {
		struct store_caller other = process(1300 + i);

		assert_int_equal(begin_to_subscribe(&other, DEAR, DSF_INITIAL), OK);
	}
	assert_true(store_go_on(store, PART));
	assert_int_equal(publish_u32(&eth, "up", 1, 0), OK);
	store_owner_died(store, &eth.owner);
	assert_int_equal(begin_to_subscribe(&ann, DEAR, DSF_INITIAL), OK);
	while (store_must_wait(store, &eth.owner)) {
		assert_true(store_go_on(store, PART));
		parts++;
	}
	assert_in_range(parts, 1, 7);
	world_finish();
}

/* Two numbers of entries with which one part, and its begin, takes all the work there is to be done. */
#define MANY_FROM (STORE_WORK / WORK_NOTICE - 32)
#define MANY_TO   (STORE_WORK / WORK_NOTICE)

/* However its turns come out: it begins anew as soon as it is done. */
static void nobody_is_passed_over_for_who_begins_again_and_again(void **state)
{
	char text[DS_KEY_SIZE];
	int parts = 0;

	(void)state;
	store_config_default(&config);
	world_begin_sized(0x200000);
	for (int i = 0; i < MANY_TO; i++) {
		sprintf(text, "h%d", i);
		assert_int_equal(publish_u32(&bob, text, 1, 0), OK);
		if (i < MANY_FROM)
			continue;
		assert_int_equal(subscribe(&ann, "nothing", DSF_INITIAL | DSF_OVERWRITE), OK);
		assert_int_equal(begin_to_subscribe(&ann, "nothing", DSF_INITIAL | DSF_OVERWRITE), OK);
		assert_int_equal(begin_to_subscribe(&bob, "nothing", DSF_INITIAL | DSF_OVERWRITE), OK);
		for (parts = 0; store_must_wait(store, &ann.owner) && parts < 10; parts++) {
			(void)store_go_on(store, STORE_WORK);
			if (!store_must_wait(store, &bob.owner))
				assert_int_equal(
				        begin_to_subscribe(&bob, "nothing", DSF_INITIAL | DSF_OVERWRITE), OK);
		}
		assert_in_range(parts, 1, 5);
		world_finish();
	}
}

static void services_do_not_wait_for_however_many_processes(void **state)
{
	int parts = 0;

	(void)state;
	big_world();
	fill(&bob, ENTRIES);
	for (int i = 0; i < 100; i++) {
		struct store_caller other = process(1300 + i);

		assert_int_equal(begin_to_subscribe(&other, "a.*", DSF_INITIAL), OK);
	}
	assert_int_equal(begin_to_subscribe(&eth, "a.*", DSF_INITIAL), OK);
	for (; store_must_wait(store, &eth.owner); parts++)
		(void)store_go_on(store, STORE_WORK);
	assert_in_range(parts, 1, 2 * WORK_NOTICE * ENTRIES / STORE_WORK + 1);
	assert_true(store_is_unfinished(store));
	world_finish();
}

/* Whatever is published and deleted meanwhile, each that was there and stays is told, and none twice. */
static void all_that_exists_is_told_whatever_changes_meanwhile(void **state)
{
	static int there[ENTRIES], told[ENTRIES];
	char text[DS_KEY_SIZE];
	struct store_change change;

	(void)state;
	big_world();
	fill(&bob, ENTRIES);
	for (int i = 0; i < ENTRIES; i++)
		there[i] = 1;
	for (int i = 0; i < 3; i++) {
		struct store_caller other = process(1300 + i);

		assert_int_equal(begin_to_subscribe(&other, "a.*", DSF_INITIAL), OK);
		(void)store_go_on(store, 1 + any(100));
	}
	assert_int_equal(begin_to_subscribe(&ann, "a.*", DSF_INITIAL), OK);
	while (store_go_on(store, 1 + any(20))) {
		int i = (int)any(ENTRIES);

		long_key(text, i);
		assert_int_equal(there[i] ? delete_u32(&bob, text) : publish_u32(&bob, text, 2, 0), OK);
		there[i] = !there[i];
		check();
	}
	for (; store_change_next(store, &ann, &change) == OK; store_change_seen(store, &ann, change.serial)) {
		int i = atoi(change.key + DS_KEY_MAX - 6);

		assert_int_equal(change.what, there[i] ? DS_CREATED : DS_DELETED);
		assert_int_equal(told[i]++, 0);
	}
	for (int i = 0; i < ENTRIES; i++)
		assert_true(told[i] || !there[i]);
}

/* Their patterns are equal, and are compared once. */
static void a_deletion_costs_no_more_however_many_it_passes(void **state)
{
	uint32_t begun;
	char text[DS_KEY_SIZE];

	(void)state;
	big_world();
	fill(&bob, ENTRIES);
	for (int i = 0; i < 60; i++) {
		struct store_caller other = process(1300 + i);

		assert_int_equal(begin_to_subscribe(&other, DEAR, DSF_INITIAL), OK);
		(void)store_go_on(store, STORE_WORK);
	}
	for (int i = 0; i < 60; i++)
		(void)store_go_on(store, 1);
	for (int i = 0; i < 3; i++) {
		long_key(text, i);
		begun = store->work;
		assert_int_equal(delete_u32(&bob, text), OK);
		assert_in_range(store->work - begun, 1,
		                2 * watch_work(watch_cost(store->watch), DS_KEY_MAX) + 50);
	}
	assert_true(store_is_unfinished(store));
	world_finish();
}

/* ---- What patterns together may cost ---- */

static uint32_t cost_of_all(void)
{
	return watch_cost(store->watch);
}

/* Different ones, until there is an error, which it returns. */
static int subscribe_to_dear_ones(const struct store_caller *caller, const char *name)
{
	char text[60];
	int result = OK;

	for (int i = 0; result == OK; i++) {
		snprintf(text, sizeof(text), "(%s|%d|.*x.*y)*Z", name, i);
		result = subscribe(caller, text, 0);
	}
	return result;
}

static void patterns_together_have_a_bound_of_cost(void **state)
{
	uint32_t reserve = STORE_COST / 4;
	char name[20];

	(void)state;
	big_world();
	assert_int_equal(subscribe_to_dear_ones(&ann, "ann"), -EDQUOT);
	assert_in_range(cost_of_all(), config.process_cost - 60, config.process_cost);
	assert_int_equal(subscribe(&ann, "free\\..*", 0), OK);
	assert_int_equal(subscribe(&ann, "free", 0), OK);
	for (int i = 0; sprintf(name, "p%d", i), i < 20; i++) {
		struct store_caller other = process(1300 + i);

		(void)subscribe_to_dear_ones(&other, name);
	}
	assert_in_range(cost_of_all(), STORE_COST - reserve - 60, STORE_COST - reserve);
	assert_int_equal(subscribe_to_dear_ones(&bob, "bob"), -ENOSPC);
	assert_int_equal(subscribe(&bob, "(ann|0|.*x.*y)*Z", 0), OK); /* it is compared anyhow */
	assert_int_equal(subscribe(&bob, "bob\\..*", 0), OK);
	assert_int_equal(subscribe(&eth, "(eth|0|.*x.*y)*Z", 0), OK);
	assert_int_equal(subscribe_to_dear_ones(&root, "rs"), -ENOSPC);
	assert_in_range(cost_of_all(), STORE_COST - 60, STORE_COST);
	world_reopen();
	assert_in_range(cost_of_all(), STORE_COST - 60, STORE_COST);
	owner_died(&ann);
	for (int i = 0; i < 20; i++) {
		struct store_caller other = process(1300 + i);

		owner_died(&other);
	}
	assert_in_range(cost_of_all(), reserve - 60, reserve + 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(long_work_is_done_in_bounded_parts_and_never_from_its_start),
	        WORLD_TEST(opening_does_nothing_of_it),
	        WORLD_TEST(what_the_dead_had_is_gone_at_once),
	        WORLD_TEST(who_asks_for_little_does_not_wait_for_who_asks_for_much),
	        WORLD_TEST(nobody_is_passed_over_for_who_begins_again_and_again),
	        WORLD_TEST(services_do_not_wait_for_however_many_processes),
	        WORLD_TEST(all_that_exists_is_told_whatever_changes_meanwhile),
	        WORLD_TEST(a_deletion_costs_no_more_however_many_it_passes),
	        WORLD_TEST(patterns_together_have_a_bound_of_cost),
	};

	seed = test_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
