/* SPDX-License-Identifier: MIT */
/* sanitizers: none */
/* links: servers/ds/store_*.c servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c
 * servers/ds/pattern*.c servers/ds/watch.c tests/host/ds_world.c tests/host/ds_state.c
 * tests/host/stepper.c */
/*
 * What an operation costs does not depend on how much else there is: counted in instructions, by single
 * steps. No sanitizers: their instructions would be counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "stepper.h"
#include "ds_world.h"

#define BYTES 0x3000000
#define FEW   10
#define MANY  100000

static uint8_t *shared;

static void begin(void)
{
	world_end();
	memset(shared, 0, BYTES);
	store_config_default(&config);
	config.secret = 0x243f6a8885a308d3; /* the same buckets in each run */
	ann = process(1200);
	eth = service("eth");
	world_begin_in(shared, BYTES);
}

static void fill(int entries)
{
	char text[32];

	for (int i = 0; i < entries; i++) {
		sprintf(text, "entry.%d", i);
		assert_int_equal(publish_u32(&eth, text, (uint32_t)i, 0), OK);
	}
}

/* ---- What is measured: on entries that are there with few and with many ---- */

static void do_publish(void)
{
	(void)!publish_u32(&ann, "something.new", 1, 0);
}

static void do_overwrite(void)
{
	(void)!publish_u32(&ann, "entry.7", 1, DSF_OVERWRITE);
}

static void do_retrieve(void)
{
	uint32_t number;

	(void)!retrieve_u32(&ann, "entry.7", &number);
}

static void do_delete(void)
{
	(void)!delete_u32(&eth, "entry.7");
}

/* Each once, with other keys: the first call of a function of the C library is linked, and its memory is
 * there then. */
static void warm_up(void)
{
	uint32_t number;

	for (int i = 0; i < 2; i++) {
		(void)!publish_u32(&eth, "something.warm", 1, 0);
		(void)!publish_u32(&eth, "something.warm", 2, DSF_OVERWRITE);
		(void)!retrieve_u32(&eth, "something.warm", &number);
		(void)!delete_u32(&eth, "something.warm");
	}
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {{"publish", do_publish},
            {"overwrite", do_overwrite},
            {"retrieve", do_retrieve},
            {"delete", do_delete}};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* A child does each, so that the store stays as it is; the first time, code is linked and memory is touched.
 */
static void measure(long cost[ACTS])
{
	for (unsigned i = 0; i < ACTS; i++)
		cost[i] = stepper_run(warm_up, acts[i].act, NULL);
}

static void print(const char *what, const long cost[ACTS])
{
	print_message("# %s:", what);
	for (unsigned i = 0; i < ACTS; i++)
		print_message(" %s %ld", acts[i].name, cost[i]);
	print_message(" instructions\n");
}

/* A longer chain of a bucket is a few instructions each: with 100,000 entries a bucket has 0.4 on average. */
static void must_be_as(const long cost[ACTS], const long with_few[ACTS], long more)
{
	for (unsigned i = 0; i < ACTS; i++)
		if (cost[i] > with_few[i] + more)
			fail_msg("%s costs %ld instructions, and %ld with few", acts[i].name, cost[i],
			         with_few[i]);
}

static void the_number_of_entries_does_not_matter(void **state)
{
	long few[ACTS], many[ACTS];

	(void)state;
	begin();
	fill(FEW);
	measure(few);
	begin();
	fill(MANY);
	measure(many);
	print("10 entries", few);
	print("100000 entries", many);
	must_be_as(many, few, 60);
	assert_null(store_check(store));
}

static void subscribe_many(const char *pattern, int count)
{
	char text[40];

	for (int i = 0; i < count; i++) {
		struct store_caller caller = process(2000 + i / 20);

		sprintf(text, pattern, i);
		if (subscribe(&caller, text, 0) != OK)
			assert_int_equal(subscribe(&eth, text, 0), OK);
	}
}

/* They are not even looked at: prefixes of one length cost a look-up together. */
static void subscriptions_that_do_not_match_do_not_matter(void **state)
{
	long none[ACTS], many[ACTS];

	(void)state;
	begin();
	fill(FEW);
	measure(none);
	begin();
	fill(FEW);
	subscribe_many("driver\\.%03d\\..*", 700);
	subscribe_many("elsewhere\\.%d\\.x", 300);
	measure(many);
	print("no subscriptions", none);
	print("1000 that do not match", many);
	must_be_as(many, none, 400); /* a few in the same bucket */
}

/* As many as owners within the limits can have. */
static void entries_and_subscriptions_together_do_not_matter(void **state)
{
	long few[ACTS], many[ACTS];

	(void)state;
	begin();
	fill(FEW);
	measure(few);
	begin();
	fill(MANY);
	subscribe_many("driver\\.%03d\\..*", 700);
	subscribe_many("elsewhere\\.%d\\.x", 300);
	measure(many);
	print("100000 entries, 1000 subscriptions", many);
	must_be_as(many, few, 400);
}

/* Each of those who are told costs the same, however many they are. */
static void equal_subscriptions_cost_no_more_than_telling(void **state)
{
	long told[3], each, each_of_more;

	(void)state;
	for (int i = 0; i < 3; i++) {
		static const int counts[] = {1, 101, 501};

		begin();
		fill(FEW);
		for (int n = 0; n < counts[i]; n++) {
			struct store_caller caller = process(2000 + n);

			assert_int_equal(subscribe(&caller, "something\\..*", 0), OK);
		}
		told[i] = stepper_run(warm_up, do_publish, NULL);
	}
	each = (told[1] - told[0]) / 100;
	each_of_more = (told[2] - told[1]) / 400;
	print_message("# told to 1: %ld instructions, to 101: %ld, to 501: %ld\n", told[0], told[1], told[2]);
	assert_in_range(each, 1, 700);
	assert_in_range(each_of_more, 1, each + 20);
}

/* Nothing has to be looked through; who has subscribed is compiled for. (It checks nothing: world_reopen()
 * would.) */
static void do_open(void)
{
	struct store *other;

	(void)!store_open(&other, shared, BYTES, &config);
}

static void opening_does_not_depend_on_the_number_of_entries(void **state)
{
	long few, many;

	(void)state;
	begin();
	fill(FEW);
	few = stepper_run(warm_up, do_open, NULL);
	begin();
	fill(10000);
	many = stepper_run(warm_up, do_open, NULL);
	print_message("# opening 10 entries: %ld instructions, 10000: %ld\n", few, many);
	assert_in_range(many, few - 1000, few + 1000);
}

/* ---- Parts of what takes long ---- */

#define PART         64  /* units of work */
#define INSTRUCTIONS 512 /* of a unit, about */

static uint32_t *counted; /* shared with the child */

static void do_part(void)
{
	(void)store_go_on(store, PART);
	*counted = store_work(store);
}

/* What is counted is what it takes, or more. */
static void check_part(const char *what)
{
	long taken;

	assert_null(store_check(store));
	taken = stepper_run(warm_up, do_part, NULL);
	print_message("# %s: %ld instructions, counted as %ld\n", what, taken, (long)*counted * INSTRUCTIONS);
	assert_in_range(*counted, 1, 2000);
	assert_in_range(taken, 1000, *counted * INSTRUCTIONS);
}

static void fill_for(const struct store_caller *caller, const char *format, int count)
{
	char text[DS_KEY_SIZE];

	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), format, i);
		assert_int_equal(publish_u32(caller, text, 1, 0), OK);
	}
}

/* Of an owner whose entries go, others are still to be told of all that exists, each from another place on.
 */
static void the_end_of_entries_while_others_are_told_of_all(void **state)
{
	(void)state;
	begin();
	fill_for(&ann, "dead.%d", 20);
	fill_for(&eth, "entry.%d", 8000);
	for (int i = 0; i < 100; i++) {
		struct store_caller other = process(2000 + i);

		assert_int_equal(begin_to_subscribe(&other, "entry.*", DSF_INITIAL), OK);
		(void)store_go_on(store, 1500);
	}
	store_owner_died(store, &ann.owner);
	for (int i = 0; i < 100; i++)
		(void)store_go_on(store, 1); /* a turn of each of the others */
	check_part("the end of entries");
}

static void the_end_of_a_subscription_among_many(void **state)
{
	(void)state;
	begin();
	assert_int_equal(begin_to_subscribe(&eth, "news.*", 0), OK);
	for (int i = 0; i < 250; i++) {
		char text[40];

		sprintf(text, "news\\.%d\\.never", i);
		assert_int_equal(begin_to_subscribe(&eth, text, 0), OK);
	}
	fill_for(&ann, "news.%d", 1000);
	assert_int_equal(store_unsubscribe(store, &eth, "news.*", 6), OK);
	check_part("the end of a subscription");
}

static void one_is_told_of_all_that_others_are_to_be_told(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 500; i++) {
		struct store_caller other = process(2000 + i);

		assert_int_equal(begin_to_subscribe(&other, "entry.*", 0), OK);
	}
	fill_for(&eth, "entry.%d", 40);
	assert_int_equal(begin_to_subscribe(&ann, "entry.*", DSF_INITIAL), OK);
	check_part("telling what many others are to be told");
}

static void everybody_is_told(void **state)
{
	(void)state;
	begin();
	fill_for(&ann, "dead.%d", 500);
	for (int i = 0; i < 100; i++) {
		struct store_caller other = process(2000 + i);

		assert_int_equal(begin_to_subscribe(&other, "dead.*", 0), OK);
	}
	store_owner_died(store, &ann.owner);
	check_part("a death that everybody is told of");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_number_of_entries_does_not_matter),
	        cmocka_unit_test(subscriptions_that_do_not_match_do_not_matter),
	        cmocka_unit_test(entries_and_subscriptions_together_do_not_matter),
	        cmocka_unit_test(equal_subscriptions_cost_no_more_than_telling),
	        cmocka_unit_test(opening_does_not_depend_on_the_number_of_entries),
	        cmocka_unit_test(the_end_of_entries_while_others_are_told_of_all),
	        cmocka_unit_test(the_end_of_a_subscription_among_many),
	        cmocka_unit_test(one_is_told_of_all_that_others_are_to_be_told),
	        cmocka_unit_test(everybody_is_told),
	};

	shared = stepper_memory(BYTES);
	counted = (uint32_t *)(void *)stepper_memory(sizeof(*counted));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
