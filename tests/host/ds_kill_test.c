/* SPDX-License-Identifier: MIT */
/* sanitizers: none */
/* links: servers/ds/store_*.c servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c
 * servers/ds/pattern*.c servers/ds/watch.c tests/host/ds_world.c tests/host/ds_state.c
 * tests/host/stepper.c */
/*
 * DS is killed at every instruction of every kind of operation. What counts is what is in the kept memory
 * then: a child does the operation step by step, all of the memory is compared after each instruction, and
 * where anything has changed a successor opens a copy of it. All invariants must hold, and all that can be
 * seen must be as before the operation, or from one point on as after it, and after it if it had returned.
 * And the successor knows whether a call was done, in each of those places: so a client that makes it again
 * finds the same as if nobody had been killed. That a kill leaves just this memory is tried for some
 * instructions with SIGKILL. No sanitizers: their instructions would be stepped through, too, and the other
 * tests have them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stepper.h"
#include "ds_world.h"
#include "seed.h"

#define BYTES     STORE_BYTES_MIN
#define KILLS     6      /* real ones, of each operation */
#define STEPS_MAX 400000 /* that one may take */

static unsigned seed;
static uint8_t *shared;                                                           /* the kept memory */
static _Alignas(64) uint8_t last[BYTES], copy[BYTES], image[BYTES], again[BYTES]; /* of it */
static uint32_t sums[STEPS_MAX]; /* of its contents, after so many instructions */

/* ---- Looking ---- */

static char *before, *after;
static int is_after;
static long changes;

static char *state_of_image(const uint8_t *from)
{
	struct store *other;
	const char *fault;
	char *text;

	memcpy(copy, from, BYTES);
	assert_int_equal(store_open(&other, copy, BYTES, &config), OK);
	fault = store_check(other);
	if (fault)
		fail_msg("after a kill: %s", fault);
	text = state_of(other);
	store_close(other);
	return text;
}

static uint32_t sum_of(const uint8_t *bytes)
{
	uint32_t sum = 2166136261u;

	for (uint32_t i = 0; i < BYTES; i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

static void (*preparation)(void), (*operation)(void);

static const struct store_caller *client; /* who makes the call; NULL: it is not one that is made again */
static int is_refused;                    /* and changes nothing */
static uint64_t answer_after;

static int is_done(uint64_t *answer)
{
	return store_is_done(store, client->owner.endpoint, client->serial, answer);
}

/* The client makes the call again, and the server does it if it is not done. */
static void repeat(long instructions)
{
	int should_be = is_after && !is_refused;
	uint64_t answer = 0;
	char *text;

	memcpy(again, shared, BYTES);
	world_begin_in(again, BYTES);
	if (is_done(&answer) != should_be)
		fail_msg("after %ld instructions it is said to be %s", instructions,
		         should_be ? "not done" : "done");
	if (should_be)
		assert_true(answer == answer_after);
	else
		operation();
	text = state_of_image(again);
	world_end();
	if (strcmp(text, after) != 0)
		fail_msg("killed after %ld instructions and made again:\n%s\nwithout a kill:\n%s",
		         instructions, text, after);
	free(text);
}

static void look(long instructions, int returned)
{
	char *text = state_of_image(shared);

	is_after |= strcmp(text, before) != 0;
	if (strcmp(text, is_after ? after : before) != 0)
		fail_msg("after %ld instructions, neither as before nor as "
		         "after:\n%s\nbefore:\n%s\nafter:\n%s",
		         instructions, text, before, after);
	if (returned && strcmp(text, after) != 0)
		fail_msg("it had returned, and is lost:\n%s\nafter:\n%s", text, after);
	free(text);
	if (client)
		repeat(instructions);
}

/* The first time also if nothing has changed, and when it has returned. */
static void each(long instructions, int returned)
{
	static int had_returned;

	assert_in_range(instructions, 0, STEPS_MAX - 1);
	if (instructions && memcmp(shared, last, BYTES) == 0 && returned == had_returned) {
		sums[instructions] = sums[instructions - 1];
		return;
	}
	changes += memcmp(shared, last, BYTES) != 0;
	had_returned = returned;
	memcpy(last, shared, BYTES);
	sums[instructions] = sum_of(shared);
	look(instructions, returned);
}

/* ---- One operation ---- */

/* DS starts, on what is in the shared memory. */
static void start(void)
{
	world_begin_in(shared, BYTES);
}

static void do_nothing(void)
{
}

/* What is before and after, when nobody is killed. */
static void run_undisturbed(void)
{
	memcpy(shared, image, BYTES);
	preparation();
	before = state_of_image(shared);
	operation();
	after = state_of_image(shared);
	if (client)
		assert_int_equal(is_done(&answer_after), !is_refused);
	world_end();
}

/*
 * What SIGKILL leaves has been seen while stepping. Not always after as many instructions: what the C
 * library's heap does depends on what was done before.
 */
static void kill_for_real(long instructions)
{
	for (int i = 0; i < KILLS; i++) {
		long at = (long)rand_r(&seed) % instructions, seen = 0;
		uint32_t sum;

		memcpy(shared, image, BYTES);
		stepper_kill(preparation, operation, at);
		sum = sum_of(shared);
		while (seen < instructions && sums[seen] != sum)
			seen++;
		if (seen == instructions)
			fail_msg("killed after %ld instructions it leaves what was never seen", at);
	}
}

/* The operation, on the store that is in the shared memory. */
static void kill_everywhere(const char *name, void (*prepare)(void), void (*act)(void))
{
	long instructions;

	preparation = prepare;
	operation = act;
	memcpy(image, shared, BYTES);
	run_undisturbed();
	memcpy(shared, image, BYTES);
	is_after = 0;
	changes = 0;
	instructions = stepper_run(preparation, operation, each);
	print_message("# %s: %ld instructions, %ld of them change the memory\n", name, instructions, changes);
	assert_true(strcmp(before, after) == 0 || is_after);
	kill_for_real(instructions);
	free(before);
	free(after);
}

/* ---- The store that they find ---- */

static const char long_text[] =
        "a value that needs more than one block, because it is longer than sixty bytes; and then some";

/* So that each has a call to make again. */
static void number_calls(struct store_caller *caller, endpoint_t endpoint)
{
	caller->owner.endpoint = endpoint;
	caller->serial = 0x700000001;
	caller->answer = 0x500000003;
}

/* Entries, ranges with snapshots, labels, subscribers with notices and without, blocks that are free again.
 */
static void furnish(void)
{
	struct store_key map = key_of(DS_TYPE_MAP, "ring");
	struct store_map snapshot = {.address = 0x5000, .length = 4096};
	struct store_key gone = key_of(DS_TYPE_STR, "gone");
	uint32_t number;

	assert_int_equal(publish_str(&ann, "gone", long_text, 0), OK);
	assert_int_equal(publish_u32(&ann, "one", 1, 0), OK);
	assert_int_equal(publish_str(&ann, "text", long_text, DSF_PRIV_OVERWRITE), OK);
	assert_int_equal(publish_u32(&eth, "up", 1, 0), OK);
	assert_int_equal(publish_map(&eth, "ring", 0x1000, 0), OK);
	assert_int_equal(store_snapshot(store, &eth, &map, &snapshot, &number), OK);
	assert_int_equal(store_snapshot(store, &eth, &map, &snapshot, &number), OK);
	assert_int_equal(publish_label("eth", 1300, 0), OK);
	assert_int_equal(subscribe(&ann, "one", DSF_INITIAL), OK);
	assert_int_equal(subscribe(&ann, "ring", 0), OK);
	assert_int_equal(subscribe(&eth, "one", 0), OK);
	assert_int_equal(subscribe(&eth, "text", DSF_INITIAL), OK);
	assert_int_equal(store_delete(store, &ann, &gone), OK);
}

static int setup(void **state)
{
	(void)state;
	world_end();
	store_config_default(&config);
	config.subscriptions = 8;
	client = NULL;
	ann = process(1200);
	bob = process(1201);
	eth = service("eth");
	root = rs();
	memset(shared, 0, BYTES);
	world_begin_in(shared, BYTES);
	furnish();
	world_end();
	number_calls(&ann, 1200);
	number_calls(&bob, 1201);
	number_calls(&eth, 1300);
	number_calls(&root, RS_PROC_NR);
	return 0;
}

/* ---- The operations ---- */

static int result;
static struct store_key text, ring, label, nothing;

/*
 * A test for one operation: who makes the call, what it returns, and what is done before it, undisturbed.
 */
#define CALL(name, who, expected, first, act)             \
	static void first_##name(void)                    \
	{                                                 \
		first;                                    \
	}                                                 \
	static void do_##name(void)                       \
	{                                                 \
		result = expected;                        \
		act;                                      \
		if (result != (expected))                 \
			abort();                          \
	}                                                 \
	static void killed_in_##name(void **state)        \
	{                                                 \
		(void)state;                              \
		start();                                  \
		first_##name();                           \
		world_end();                              \
		client = who;                             \
		is_refused = (expected) != OK;            \
		kill_everywhere(#name, start, do_##name); \
	}

#define OPERATION(name, first, act) CALL(name, NULL, OK, first, act)

static int call_snapshot(void)
{
	struct store_map map = {.address = 0x7000, .length = 4096};
	uint32_t number;

	return store_snapshot(store, &eth, &ring, &map, &number);
}

static int call_drop(uint32_t number)
{
	return store_drop_snapshot(store, &eth, &ring, number);
}

static int call_seen(const struct store_caller *caller)
{
	struct store_change change;
	int next = store_change_next(store, caller, &change);

	store_change_seen(store, caller, change.serial);
	return next;
}

/* Ann has seen all but that the range is gone, which nobody else is told. */
static void delete_map_and_see_the_rest(void)
{
	assert_int_equal(call_seen(&ann), OK);
	assert_int_equal(store_delete(store, &eth, &ring), OK);
}

static int call_wake(void)
{
	endpoint_t endpoint;

	return store_wake_next(store, &endpoint);
}

static void end_map(void)
{
	assert_int_equal(publish_map(&eth, "ring", 0x2000, DSF_OVERWRITE), OK);
}

/* Behind ranges that wait to be released. These calls of the client's have no number. */
static void end_map_and_keep_two(void)
{
	uint64_t serial = eth.serial;

	eth.serial = 0;
	end_map();
	assert_int_equal(call_snapshot(), OK);
	assert_int_equal(call_snapshot(), OK);
	eth.serial = serial;
}

/* What a stranger writes then it can't read, and the owner is told. */
static void keep_level(void)
{
	assert_int_equal(publish_u32(&ann, "level", 0, DSF_PRIV_RETRIEVE), OK);
	assert_int_equal(subscribe(&ann, "level", 0), OK);
}

static int name_service(const char *name, endpoint_t endpoint, uint32_t flags)
{
	struct store_key key = key_of(DS_TYPE_LABEL, name);

	return store_publish_label(store, &root, &key, endpoint, flags);
}

CALL(publish, &eth, OK, , result = publish_u32(&eth, "new", 5, 0))
CALL(publish_by_somebody_new, &bob, OK, , result = publish_str(&bob, "new", long_text, 0))
CALL(publish_told_to_two, &ann, OK, , result = publish_u32(&ann, "one", 2, DSF_OVERWRITE))
CALL(publish_what_was_deleted, &eth, OK, delete_u32(&ann, "one"), result = publish_u32(&eth, "one", 2, 0))
CALL(publish_what_is_there, &eth, OK, assert_int_equal(subscribe(&bob, "up", 0), OK),
     result = publish_u32(&eth, "up", 1, DSF_OVERWRITE))
CALL(publish_what_is_another_s, &bob, -EEXIST, , result = publish_u32(&bob, "one", 1, 0))
CALL(publish_what_is_private, &bob, -EPERM, , result = publish_str(&bob, "text", long_text, DSF_OVERWRITE))
CALL(publish_unseen, &bob, OK, keep_level(), result = publish_u32(&bob, "level", 1, DSF_OVERWRITE))
CALL(publish_with_flags, &eth, OK, , result = publish_u32(&eth, "up", 1, DSF_OVERWRITE | DSF_PRIV_RETRIEVE))
CALL(publish_with_flags_of_another_s, &bob, OK, call_seen(&ann),
     result = publish_u32(&bob, "one", 1, DSF_OVERWRITE | DSF_PRIV_RETRIEVE))
CALL(overwrite, &ann, OK, , result = publish_str(&ann, "text", long_text + 20, DSF_OVERWRITE | DSF_PRIV))
CALL(overwrite_told, &ann, OK, assert_int_equal(call_seen(&eth), OK),
     result = publish_str(&ann, "text", long_text + 20, DSF_OVERWRITE))
CALL(overwrite_map, &eth, OK, , result = publish_map(&eth, "ring", 0x2000, DSF_OVERWRITE))
OPERATION(released, end_map(), store_released(store))
CALL(publish_label, &root, OK, , result = name_service("disk", 1301, 0))
CALL(move_label, &root, OK, , result = name_service("eth", 1302, DSF_OVERWRITE))
CALL(delete_string, &ann, OK, , result = store_delete(store, &ann, &text))
CALL(delete_nothing, &ann, -ESRCH, , result = store_delete(store, &ann, &nothing))
CALL(delete_map, &eth, OK, , result = store_delete(store, &eth, &ring))
CALL(delete_label, &root, OK, , result = store_delete(store, &root, &label))
CALL(snapshot, &eth, OK, , result = call_snapshot())
CALL(drop_newest_snapshot, &eth, OK, , result = call_drop(2))
CALL(drop_oldest_snapshot, &eth, OK, end_map_and_keep_two(), result = call_drop(1))
CALL(subscribe, &ann, OK, , result = subscribe(&ann, "text", 0))
CALL(subscribe_in_vain, &ann, -EEXIST, , result = subscribe(&ann, "one", DSF_INITIAL))
CALL(subscribe_initial, &root, OK, , result = subscribe(&root, "(up|one)", DSF_INITIAL))
CALL(subscribe_again, &eth, OK, , result = subscribe(&eth, "one", DSF_INITIAL | DSF_OVERWRITE))
CALL(unsubscribe, &eth, OK, , result = unsubscribe(&eth, "text"))
OPERATION(change_seen, , result = call_seen(&eth))
OPERATION(last_change_of_a_deleted_entry_seen, delete_map_and_see_the_rest(), result = call_seen(&ann))
OPERATION(wake, , result = call_wake())
OPERATION(death_of_a_process, , owner_died(&ann))
OPERATION(death_of_a_service, , owner_died(&eth))
OPERATION(end_of_a_service, , owner_ended(&eth))

/* ---- Opening ---- */

static void killed_in_making_a_store(void **state)
{
	(void)state;
	memset(shared, 0, BYTES);
	kill_everywhere("making a store", do_nothing, start);
}

static long capture_at;

static void capture(long instructions, int returned)
{
	(void)returned;
	if (instructions == 0)
		changes = 0;
	else if (memcmp(shared, last, BYTES) != 0)
		changes++;
	memcpy(last, shared, BYTES);
	if (changes == capture_at)
		memcpy(image, shared, BYTES);
}

/* Killed after part of its changes; then the successor is killed wherever it may be. */
static void killed_again(const char *name, void (*act)(void), long percent)
{
	kill_everywhere(name, start, act);
	capture_at = changes * percent / 100;
	memcpy(shared, image, BYTES);
	stepper_run(start, act, capture);
	memcpy(shared, image, BYTES);
	kill_everywhere("and again in recovery", do_nothing, start);
}

static void killed_again_in_taking_back(void **state)
{
	(void)state;
	killed_again("publishing", do_publish_told_to_two, 90);
}

static void killed_again_in_finishing(void **state)
{
	(void)state;
	killed_again("a death", do_death_of_a_process, 50);
}

#define TEST(name)      cmocka_unit_test_setup(name, setup)
#define KILLED_IN(name) TEST(killed_in_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        KILLED_IN(publish),
	        KILLED_IN(publish_by_somebody_new),
	        KILLED_IN(publish_told_to_two),
	        KILLED_IN(publish_what_was_deleted),
	        KILLED_IN(publish_what_is_there),
	        KILLED_IN(publish_what_is_another_s),
	        KILLED_IN(publish_what_is_private),
	        KILLED_IN(publish_unseen),
	        KILLED_IN(publish_with_flags),
	        KILLED_IN(publish_with_flags_of_another_s),
	        KILLED_IN(overwrite),
	        KILLED_IN(overwrite_told),
	        KILLED_IN(overwrite_map),
	        KILLED_IN(released),
	        KILLED_IN(publish_label),
	        KILLED_IN(move_label),
	        KILLED_IN(delete_string),
	        KILLED_IN(delete_nothing),
	        KILLED_IN(delete_map),
	        KILLED_IN(delete_label),
	        KILLED_IN(snapshot),
	        KILLED_IN(drop_newest_snapshot),
	        KILLED_IN(drop_oldest_snapshot),
	        KILLED_IN(subscribe),
	        KILLED_IN(subscribe_in_vain),
	        KILLED_IN(subscribe_initial),
	        KILLED_IN(subscribe_again),
	        KILLED_IN(unsubscribe),
	        KILLED_IN(change_seen),
	        KILLED_IN(last_change_of_a_deleted_entry_seen),
	        KILLED_IN(wake),
	        KILLED_IN(death_of_a_process),
	        KILLED_IN(death_of_a_service),
	        KILLED_IN(end_of_a_service),
	        TEST(killed_in_making_a_store),
	        TEST(killed_again_in_taking_back),
	        TEST(killed_again_in_finishing),
	};

	seed = test_seed();
	shared = stepper_memory(BYTES);
	text = key_of(DS_TYPE_STR, "text");
	ring = key_of(DS_TYPE_MAP, "ring");
	label = key_of(DS_TYPE_LABEL, "eth");
	nothing = key_of(DS_TYPE_U32, "nothing");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
