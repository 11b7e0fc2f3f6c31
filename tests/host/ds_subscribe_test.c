/* SPDX-License-Identifier: MIT */
/* links: servers/ds/store_*.c servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c
 * servers/ds/pattern*.c servers/ds/watch.c tests/host/ds_world.c tests/host/ds_state.c */
/* Subscriptions: who is told what of which key, in which order, and whom to wake. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ds_world.h"

/* ---- Being told ---- */

static void a_key_is_told_once_however_often_it_has_changed(void **state)
{
	(void)state;
	assert_int_equal(subscribe(&ann, "k.*", 0), OK);
	assert_int_equal(subscribe(&ann, "k1", 0), OK);
	assert_int_equal(publish_u32(&bob, "k1", 1, 0), OK);
	assert_int_equal(publish_u32(&bob, "k2", 1, 0), OK);
	assert_int_equal(publish_u32(&bob, "k1", 2, DSF_OVERWRITE), OK);
	assert_int_equal(publish_u32(&bob, "other", 2, 0), OK);
	assert_string_equal(next_change(&ann), "k1 created");
	assert_string_equal(next_change(&ann), "k2 created");
	assert_string_equal(next_change(&ann), "");
	assert_int_equal(publish_u32(&bob, "k2", 3, DSF_OVERWRITE), OK);
	assert_string_equal(next_change(&ann), "k2 changed");
	assert_int_equal(publish_u32(&bob, "k2", 4, DSF_OVERWRITE), OK);
	assert_int_equal(delete_u32(&bob, "k2"), OK);
	assert_int_equal(delete_u32(&bob, "k1"), OK);
	assert_int_equal(publish_u32(&ann, "k1", 5, 0), OK);
	assert_string_equal(next_change(&ann), "k2 deleted");
	assert_string_equal(next_change(&ann), "k1 created");
	assert_string_equal(next_change(&ann), "");
	assert_string_equal(next_change(&bob), "");
}

/* A deleted entry is still known, with type and owner, until all have been told; then nothing is left of it.
 */
static void who_owned_what_is_gone_can_still_be_told(void **state)
{
	struct store_statistics before, now;
	struct store_change change;

	(void)state;
	assert_int_equal(subscribe(&ann, ".*", 0), OK);
	assert_int_equal(subscribe(&eth, ".*", 0), OK);
	store_statistics(store, &before);
	assert_int_equal(publish_str(&bob, "k", "value", 0), OK);
	owner_died(&bob);
	assert_int_equal(store_change_next(store, &ann, &change), OK);
	assert_string_equal(change.key, "k");
	assert_int_equal(change.type, DS_TYPE_STR);
	assert_int_equal(change.what, DS_DELETED | DS_OWNER_DIED);
	assert_int_equal(change.owner.endpoint, 1101);
	world_reopen();
	assert_string_equal(next_change(&ann), "k deleted died");
	assert_string_equal(next_change(&eth), "k deleted died");
	store_statistics(store, &now);
	assert_int_equal(now.blocks_free, before.blocks_free);
}

static void a_change_is_told_again_until_it_has_been_seen(void **state)
{
	struct store_change first, again;

	(void)state;
	assert_int_equal(subscribe(&ann, "k", 0), OK);
	assert_int_equal(publish_u32(&bob, "k", 1, 0), OK);
	assert_int_equal(store_change_next(store, &ann, &first), OK);
	world_reopen();
	assert_int_equal(store_change_next(store, &ann, &again), OK);
	assert_memory_equal(&first, &again, sizeof(again));
	store_change_seen(store, &bob, first.serial);
	store_change_seen(store, &ann, first.serial + 1);
	store_change_seen(store, &ann, 0);
	assert_int_equal(store_change_next(store, &ann, &again), OK);
	assert_int_equal(publish_u32(&bob, "k", 2, DSF_OVERWRITE), OK);
	store_change_seen(store, &ann, first.serial); /* but it has changed since */
	assert_int_equal(store_change_next(store, &ann, &again), OK);
	store_change_seen(store, &ann, again.serial);
	assert_int_equal(store_change_next(store, &ann, &again), -ENOENT);
}

static void what_exists_counts_as_created_if_asked(void **state)
{
	(void)state;
	assert_int_equal(publish_u32(&bob, "k1", 1, 0), OK);
	assert_int_equal(publish_str(&bob, "k2", "x", 0), OK);
	assert_int_equal(publish_u32(&bob, "other", 1, 0), OK);
	assert_int_equal(subscribe(&ann, "k.", 0), OK);
	assert_string_equal(next_change(&ann), "");
	assert_int_equal(subscribe(&ann, "k.", DSF_INITIAL), -EEXIST);
	assert_int_equal(subscribe(&ann, "k.", DSF_INITIAL | DSF_OVERWRITE), OK);
	assert_string_equal(next_change(&ann), "k1 created");
	assert_int_equal(subscribe(&eth, "k.|other", DSF_INITIAL), OK);
	assert_string_equal(next_change(&ann), "k2 created");
	assert_string_equal(next_change(&ann), "");
	for (int i = 0; i < 3; i++)
		assert_string_not_equal(next_change(&eth), "");
	assert_string_equal(next_change(&eth), "");
}

static void private_changes_are_told_to_the_owner_alone(void **state)
{
	(void)state;
	assert_int_equal(subscribe(&ann, "k", 0), OK);
	assert_int_equal(subscribe(&root, "k", 0), OK);
	assert_int_equal(publish_u32(&ann, "k", 1, DSF_PRIV_SUBSCRIBE), OK);
	assert_int_equal(subscribe(&bob, "k", DSF_INITIAL), OK);
	assert_int_equal(publish_u32(&bob, "k", 2, DSF_OVERWRITE), OK);
	assert_int_equal(delete_u32(&ann, "k"), OK);
	assert_string_equal(next_change(&ann), "k deleted");
	assert_string_equal(next_change(&bob), "");
	assert_string_equal(next_change(&root), "");
}

static void an_ended_subscription_is_told_no_more(void **state)
{
	(void)state;
	assert_int_equal(subscribe(&ann, "k.*", 0), OK);
	assert_int_equal(subscribe(&ann, "k1", 0), OK);
	assert_int_equal(publish_u32(&bob, "k1", 1, 0), OK);
	assert_int_equal(publish_u32(&bob, "k2", 1, 0), OK);
	assert_int_equal(unsubscribe(&ann, "k"), -ESRCH);
	assert_int_equal(unsubscribe(&bob, "k1"), -ESRCH);
	assert_int_equal(store_unsubscribe(store, &ann, "k", 0), -EINVAL);
	assert_int_equal(store_unsubscribe(store, &ann, "k", DS_PATTERN_MAX + 1), -EINVAL);
	assert_int_equal(unsubscribe(&ann, "k.*"), OK);
	assert_string_equal(next_change(&ann), "k1 created"); /* the other one matches it, too */
	assert_string_equal(next_change(&ann), "");
	assert_int_equal(publish_u32(&bob, "k3", 1, 0), OK);
	assert_string_equal(next_change(&ann), "");
	assert_int_equal(unsubscribe(&ann, "k1"), OK);
	assert_int_equal(unsubscribe(&ann, "k1"), -ESRCH);
}

static void subscriptions_that_can_not_be_are_refused(void **state)
{
	char pattern[DS_PATTERN_MAX + 1];

	(void)state;
	memset(pattern, 'x', sizeof(pattern));
	assert_int_equal(store_subscribe(store, &ann, pattern, 0, 0), -EINVAL);
	assert_int_equal(store_subscribe(store, &ann, pattern, DS_PATTERN_MAX + 1, 0), -E2BIG);
	assert_int_equal(store_subscribe(store, &ann, pattern, UINT32_MAX, 0), -E2BIG);
	assert_int_equal(store_subscribe(store, &ann, pattern, DS_PATTERN_MAX, 0), OK);
	assert_int_equal(subscribe(&ann, "a", DSF_PRIV_RETRIEVE), -EINVAL);
	assert_int_equal(subscribe(&ann, "a", 0x80000000), -EINVAL);
	assert_int_equal(store_subscribe(store, &ann, "a\0b", 3, 0), -EINVAL);
	assert_int_equal(subscribe(&ann, "(a", 0), -EINVAL);
	assert_int_equal(subscribe(&ann, "[[.nothing.]]", 0), -EINVAL); /* regcomp says so */
	assert_int_equal(subscribe(&ann, "(a{255}){255}", 0), -E2BIG);
}

/* ---- Being woken ---- */

static void each_is_woken_once_until_there_is_more(void **state)
{
	endpoint_t endpoint;

	(void)state;
	assert_int_equal(subscribe(&ann, "k.*", 0), OK);
	assert_int_equal(store_wake_next(store, &endpoint), -ENOENT);
	assert_int_equal(publish_u32(&bob, "k1", 1, 0), OK);
	assert_int_equal(publish_u32(&bob, "k2", 1, 0), OK);
	assert_int_equal(store_wake_next(store, &endpoint), OK);
	assert_int_equal(endpoint, 1100);
	assert_int_equal(store_wake_next(store, &endpoint), -ENOENT);
	assert_int_equal(publish_u32(&bob, "k2", 2, DSF_OVERWRITE), OK);
	assert_int_equal(store_wake_next(store, &endpoint), OK);
	world_reopen(); /* perhaps the notification was not sent any more */
	assert_int_equal(store_wake_next(store, &endpoint), OK);
	assert_int_equal(endpoint, 1100);
	assert_int_equal(store_wake_next(store, &endpoint), -ENOENT);
}

static void notices_of_a_service_wait_for_its_successor(void **state)
{
	struct store_caller successor;
	endpoint_t endpoint;

	(void)state;
	assert_int_equal(publish_label("eth", 1300, 0), OK);
	store_owner_of(store, 1300, &successor.owner);
	assert_string_equal(successor.owner.label, "eth");
	assert_int_equal(subscribe(&eth, "k", 0), OK);
	owner_died(&eth);
	assert_int_equal(publish_u32(&bob, "k", 1, 0), OK);
	assert_int_equal(store_wake_next(store, &endpoint), OK);
	assert_int_equal(endpoint, 1300);
	assert_int_equal(publish_label("eth", 1400, DSF_OVERWRITE), OK);
	assert_int_equal(store_wake_next(store, &endpoint), OK);
	assert_int_equal(endpoint, 1400);
	store_owner_of(store, 1300, &successor.owner);
	assert_string_equal(successor.owner.label, "");
	store_owner_of(store, 1400, &successor.owner);
	successor.is_rs = 0;
	assert_string_equal(next_change(&successor), "k created");
}

/* PM's event, a look at everybody, the same label told again: which of them comes when DS has died is open.
 */
static void a_death_is_told_once_whoever_tells_of_it(void **state)
{
	struct store_caller service = eth;

	(void)state;
	assert_int_equal(publish_label("eth", 1300, 0), OK);
	service.owner.endpoint = 1300;
	assert_int_equal(publish_u32(&service, "k", 1, 0), OK);
	assert_int_equal(subscribe(&ann, "k", 0), OK);
	for (endpoint_t next = 1301; next < 1303; next++) {
		owner_died(&service);
		assert_string_equal(next_change(&ann), "k died");
		world_reopen();
		owner_died(&service);
		assert_int_equal(publish_label("eth", service.owner.endpoint, DSF_OVERWRITE), OK);
		owner_died(&service);
		assert_string_equal(next_change(&ann), "");
		assert_int_equal(publish_label("eth", next, DSF_OVERWRITE), OK);
		service.owner.endpoint = next;
	}
	owner_ended(&service);
	assert_string_equal(next_change(&ann), "k deleted died");
}

/* A new store is told all labels, of which most are as they were. */
static void a_label_that_is_told_again_has_not_changed(void **state)
{
	(void)state;
	assert_int_equal(subscribe(&ann, "eth", 0), OK);
	assert_int_equal(publish_label("eth", 1300, 0), OK);
	assert_string_equal(next_change(&ann), "eth created");
	assert_int_equal(publish_label("eth", 1300, DSF_OVERWRITE), OK);
	assert_string_equal(next_change(&ann), "");
	assert_int_equal(publish_label("eth", 1301, DSF_OVERWRITE), OK);
	assert_string_equal(next_change(&ann), "eth changed");
}

static void a_service_without_label_is_woken_when_it_has_one(void **state)
{
	endpoint_t endpoint;

	(void)state;
	assert_int_equal(subscribe(&eth, "k", 0), OK);
	assert_int_equal(publish_u32(&bob, "k", 1, 0), OK);
	assert_int_equal(store_wake_next(store, &endpoint), -ENOENT);
	assert_int_equal(publish_label("eth", 1300, 0), OK);
	assert_int_equal(store_wake_next(store, &endpoint), OK);
	assert_int_equal(endpoint, 1300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(a_key_is_told_once_however_often_it_has_changed),
	        WORLD_TEST(who_owned_what_is_gone_can_still_be_told),
	        WORLD_TEST(a_change_is_told_again_until_it_has_been_seen),
	        WORLD_TEST(what_exists_counts_as_created_if_asked),
	        WORLD_TEST(private_changes_are_told_to_the_owner_alone),
	        WORLD_TEST(an_ended_subscription_is_told_no_more),
	        WORLD_TEST(subscriptions_that_can_not_be_are_refused),
	        WORLD_TEST(each_is_woken_once_until_there_is_more),
	        WORLD_TEST(notices_of_a_service_wait_for_its_successor),
	        WORLD_TEST(a_death_is_told_once_whoever_tells_of_it),
	        WORLD_TEST(a_label_that_is_told_again_has_not_changed),
	        WORLD_TEST(a_service_without_label_is_woken_when_it_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
