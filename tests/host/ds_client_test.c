/* SPDX-License-Identifier: MIT */
/* links: tests/host/ds_machine.c tests/host/ds_memory.c lib/sys/ds.c lib/sys/ds_map.c lib/sys/ds_client.c
 * servers/ds/kept.c servers/ds/request.c servers/ds/serve.c servers/ds/owners.c servers/ds/later.c
 * servers/ds/ranges.c servers/ds/quotas.c servers/ds/lendings.c servers/ds/do_*.c servers/ds/store_*.c
 * servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c servers/ds/pattern*.c servers/ds/watch.c
 */
/* The data store as its clients see it, killed at every place. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/ds_label.h>
#include <granite/abi/layout.h>

#include "ds_machine.h"

#define ANN  0
#define BOB  1
#define SVC  2 /* has a label */
#define LATE 3 /* and this one has it later */

static int boot(void **state)
{
	(void)state;
	machine_boot();
	machine_set_label(SVC, "svc");
	machine_be(ANN);
	return 0;
}

static int sound(void **state)
{
	(void)state;
	machine_check();
	return 0;
}

/* What ANN sees of everything, as text. */
static const char *everything(void)
{
	static char text[20000];
	struct ds_entry entries[DS_LIST_MAX];
	uint32_t from = 0;
	size_t used = 0;

	text[0] = '\0';
	do {
		int count = ds_list(&from, entries, DS_LIST_MAX);

		assert_true(count >= 0);
		for (int i = 0; i < count; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
			                         "%s %u %u %u %u by %s %d\n", entries[i].key, entries[i].type,
			                         entries[i].flags, entries[i].number, entries[i].bytes,
			                         entries[i].owner, entries[i].endpoint);
	} while (from);
	return text;
}

static uint32_t number_at(const char *key)
{
	uint32_t value = 0;

	assert_int_equal(ds_retrieve_u32(key, &value), OK);
	return value;
}

/* ---- Values ---- */

static void values_come_back_as_they_were_published(void **state)
{
	static uint8_t bytes[DS_VALUE_MAX], back[DS_VALUE_MAX];
	size_t length = sizeof(back);
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(ds_publish_u32("a", 0xffffffff, 0), OK);
	assert_int_equal(ds_publish_str("a", "some text", 0), OK);
	assert_int_equal(ds_publish_mem("a", bytes, sizeof(bytes), 0), OK);
	assert_int_equal(ds_publish_str("empty", "", 0), OK);
	assert_int_equal(ds_publish_mem("empty", NULL, 0, 0), OK);
	machine_be(BOB);
	assert_int_equal(number_at("a"), 0xffffffff);
	assert_int_equal(ds_retrieve_str("a", text, sizeof(text)), OK);
	assert_string_equal(text, "some text");
	assert_int_equal(ds_retrieve_mem("a", back, &length), OK);
	assert_int_equal(length, sizeof(bytes));
	assert_memory_equal(back, bytes, sizeof(bytes));
	assert_int_equal(ds_retrieve_str("empty", text, 1), OK);
	assert_string_equal(text, "");
	length = 0;
	assert_int_equal(ds_retrieve_mem("empty", NULL, &length), OK);
	assert_int_equal(length, 0);
}

static void a_buffer_too_small_is_told_and_not_touched(void **state)
{
	char text[10] = "untouched";
	size_t length = 3;

	(void)state;
	assert_int_equal(ds_publish_str("s", "12345", 0), OK);
	assert_int_equal(ds_publish_mem("m", "12345", 5, 0), OK);
	assert_int_equal(ds_retrieve_str("s", text, 5), -ERANGE);
	assert_int_equal(ds_retrieve_str("s", text, 0), -ERANGE);
	assert_int_equal(ds_retrieve_mem("m", text, &length), -ERANGE);
	assert_int_equal(length, 5);
	assert_string_equal(text, "untouched");
	assert_int_equal(ds_retrieve_str("s", text, 6), OK);
	assert_string_equal(text, "12345");
}

static void keys_that_can_not_be_are_refused(void **state)
{
	char key[DS_KEY_MAX + 2];
	uint32_t value;

	(void)state;
	memset(key, 'k', sizeof(key));
	key[DS_KEY_MAX + 1] = '\0';
	assert_int_equal(ds_publish_u32(key, 1, 0), -EINVAL);
	assert_int_equal(ds_publish_u32("", 1, 0), -EINVAL);
	assert_int_equal(ds_publish_u32(NULL, 1, 0), -EINVAL);
	assert_int_equal(ds_retrieve_u32(key, &value), -EINVAL);
	assert_int_equal(ds_delete_u32(""), -EINVAL);
	key[DS_KEY_MAX] = '\0';
	assert_int_equal(ds_publish_u32(key, 1, 0), OK);
	assert_int_equal(number_at(key), 1);
}

static void publishing_has_its_errors(void **state)
{
	static char much[DS_VALUE_MAX + 2];

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	assert_int_equal(ds_publish_u32("a", 1, 0x8000), -EINVAL);
	assert_int_equal(ds_publish_u32("a", 1, -1), -EINVAL);
	assert_int_equal(ds_publish_u32("a", 1, DSF_INITIAL), -EINVAL);
	assert_int_equal(ds_publish_str("a", much, 0), -E2BIG);
	assert_int_equal(ds_publish_mem("a", much, DS_VALUE_MAX + 1, 0), -E2BIG);
	assert_int_equal(ds_publish_u32("a", 1, 0), OK);
	assert_int_equal(ds_publish_u32("a", 2, 0), -EEXIST);
	assert_int_equal(number_at("a"), 1);
	assert_int_equal(ds_publish_u32("a", 2, DSF_OVERWRITE), OK);
	assert_int_equal(number_at("a"), 2);
	assert_int_equal(ds_publish_label("svc2", machine_endpoint(ANN), 0), -EPERM);
	assert_int_equal(ds_publish_label("svc", machine_endpoint(ANN), DSF_OVERWRITE), -EPERM);
	assert_int_equal(ds_delete_label("svc"), -EPERM);
}

static void what_is_not_there_is_not_found(void **state)
{
	char text[DS_KEY_SIZE];
	size_t length = sizeof(text);
	uint32_t value;
	endpoint_t endpoint;

	(void)state;
	assert_int_equal(ds_publish_u32("a", 1, 0), OK);
	assert_int_equal(ds_retrieve_u32("b", &value), -ESRCH);
	assert_int_equal(ds_retrieve_str("a", text, sizeof(text)), -ESRCH);
	assert_int_equal(ds_retrieve_mem("a", text, &length), -ESRCH);
	assert_int_equal(ds_retrieve_label_num("a", &endpoint), -ESRCH);
	assert_int_equal(ds_retrieve_label_name(text, machine_endpoint(ANN)), -ESRCH);
	assert_int_equal(ds_delete_str("a"), -ESRCH);
	assert_int_equal(ds_delete_u32("a"), OK);
	assert_int_equal(ds_delete_u32("a"), -ESRCH);
	assert_int_equal(ds_unsubscribe("nothing"), -ESRCH);
	assert_int_equal(ds_check(text, NULL, NULL), -ENOENT);
}

static void owners_keep_to_themselves_what_they_like(void **state)
{
	uint32_t value;

	(void)state;
	assert_int_equal(ds_publish_u32("r", 1, DSF_PRIV_RETRIEVE), OK);
	assert_int_equal(ds_publish_u32("w", 1, DSF_PRIV_OVERWRITE), OK);
	assert_int_equal(ds_publish_u32("s", 1, DSF_PRIV_SUBSCRIBE), OK);
	machine_be(BOB);
	assert_int_equal(ds_retrieve_u32("r", &value), -EPERM);
	assert_int_equal(ds_publish_u32("w", 2, DSF_OVERWRITE), -EPERM);
	assert_int_equal(ds_publish_u32("r", 2, DSF_OVERWRITE), OK);
	assert_int_equal(ds_delete_u32("r"), -EPERM);
	assert_int_equal(ds_delete_u32("w"), -EPERM);
	assert_int_equal(ds_subscribe("s", DSF_INITIAL), OK);
	assert_int_equal(machine_notified(BOB), 0);
	assert_null(strstr(everything(), "s 1"));
	assert_non_null(strstr(everything(), "r 1 4 0 0"));
	machine_be(ANN);
	assert_int_equal(number_at("r"), 2);
	assert_int_equal(number_at("w"), 1);
	assert_non_null(strstr(everything(), "s 1"));
}

/* ---- Labels and deaths ---- */

static void labels_lead_to_endpoints_and_back(void **state)
{
	char label[DS_KEY_SIZE];
	endpoint_t endpoint, before = machine_endpoint(SVC);

	(void)state;
	assert_int_equal(ds_retrieve_label_num("svc", &endpoint), OK);
	assert_int_equal(endpoint, before);
	assert_int_equal(ds_retrieve_label_name(label, endpoint), OK);
	assert_string_equal(label, "svc");
	machine_die(SVC);
	assert_int_equal(ds_retrieve_label_num("svc", &endpoint), OK);
	assert_int_equal(endpoint, machine_endpoint(SVC));
	assert_int_equal(ds_retrieve_label_name(label, before), -ESRCH);
}

static void an_ordinary_process_leaves_nothing_and_a_service_all(void **state)
{
	uint32_t value;

	(void)state;
	assert_int_equal(ds_publish_u32("ann", 1, 0), OK);
	machine_be(SVC);
	assert_int_equal(ds_publish_u32("service", 2, DSF_PRIV), OK);
	machine_die(ANN);
	machine_die(SVC);
	assert_int_equal(ds_retrieve_u32("ann", &value), -ESRCH);
	assert_int_equal(number_at("service"), 2);
	assert_int_equal(ds_publish_u32("service", 3, DSF_OVERWRITE), OK);
	machine_be(BOB);
	assert_int_equal(ds_retrieve_u32("service", &value), OK);
}

static void who_never_comes_back_leaves_nothing(void **state)
{
	uint32_t value;

	(void)state;
	machine_be(SVC);
	assert_int_equal(ds_publish_u32("service", 2, 0), OK);
	machine_returns(0);
	machine_die(SVC);
	assert_int_equal(ds_retrieve_u32("service", &value), -ESRCH);
}

/* DS is dead meanwhile, and of some deaths it is not even told. */
static void deaths_that_ds_did_not_see_are_found(void **state)
{
	uint32_t value;

	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		machine_be(ANN);
		assert_int_equal(ds_publish_u32("ann", 1, 0), OK);
		machine_be(SVC);
		assert_int_equal(ds_publish_u32("service", 2, DSF_OVERWRITE), OK);
		machine_kill_after(0);
		machine_be(BOB);
		machine_stay_dead(3);
		ds_set_retry(0);
		assert_int_equal(ds_retrieve_u32("ann", &value), -EDEADSRCDST);
		ds_set_retry(1);
		machine_die(ANN);
		machine_die(SVC);
		if (lost)
			machine_lose_events();
		assert_int_equal(ds_retrieve_u32("ann", &value), -ESRCH);
		assert_int_equal(number_at("service"), 2);
		machine_check();
	}
}

/* ---- News ---- */

static void assert_change(const char *key, uint32_t type, uint32_t what, endpoint_t owner)
{
	struct ds_change change;

	assert_int_equal(ds_check_change(&change), OK);
	assert_string_equal(change.key, key);
	assert_int_equal(change.type, type);
	assert_int_equal(change.what, what);
	assert_int_equal(change.owner, owner);
}

static void assert_no_change(void)
{
	char key[DS_KEY_SIZE];

	assert_int_equal(ds_check(key, NULL, NULL), -ENOENT);
}

static void a_subscriber_is_told_of_each_key_once(void **state)
{
	endpoint_t ann = machine_endpoint(ANN);

	(void)state;
	assert_int_equal(ds_publish_u32("x.old", 1, 0), OK);
	machine_be(BOB);
	assert_int_equal(ds_subscribe("x\\..*", DSF_INITIAL), OK);
	assert_int_equal(ds_subscribe("x\\..*", 0), -EEXIST);
	assert_int_equal(machine_notified(BOB), 1);
	assert_change("x.old", DS_TYPE_U32, DS_CREATED, ann);
	assert_no_change();
	machine_be(ANN);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(ds_publish_u32("x.old", i, DSF_OVERWRITE), OK);
	assert_int_equal(ds_publish_str("x.new", "1", 0), OK);
	assert_int_equal(ds_publish_str("y.new", "1", 0), OK);
	machine_be(BOB);
	assert_int_equal(machine_notified(BOB), 1);
	assert_change("x.old", DS_TYPE_U32, DS_CHANGED, ann);
	assert_change("x.new", DS_TYPE_STR, DS_CREATED, ann);
	assert_no_change();
	machine_die(ANN);
	assert_int_equal(machine_notified(BOB), 1);
	assert_change("x.new", DS_TYPE_STR, DS_DELETED | DS_OWNER_DIED, ann);
	assert_change("x.old", DS_TYPE_U32, DS_DELETED | DS_OWNER_DIED, ann);
	assert_no_change();
	assert_int_equal(ds_unsubscribe("x\\..*"), OK);
	assert_int_equal(ds_publish_u32("x.old", 1, 0), OK);
	assert_no_change();
	assert_int_equal(machine_notified(BOB), 0);
}

/* Who asks only once after a notification is notified all the same when there is more. */
static void one_question_a_notification_is_enough_for_one_key(void **state)
{
	(void)state;
	assert_int_equal(ds_subscribe("k", 0), OK);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(ds_publish_u32("k", i, DSF_OVERWRITE), OK);
		assert_int_equal(machine_notified(ANN), 1);
		assert_change("k", DS_TYPE_U32, i ? DS_CHANGED : DS_CREATED, machine_endpoint(ANN));
	}
}

static void bad_patterns_are_refused(void **state)
{
	static const char *const bad[] = {"", "(", "a**", "[", "\\"};
	char pattern[DS_PATTERN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ds_subscribe(bad[i], 0), -EINVAL);
	assert_int_equal(ds_subscribe(NULL, 0), -EINVAL);
	assert_int_equal(ds_subscribe("a", 0x4000), -EINVAL);
	memset(pattern, 'p', sizeof(pattern));
	pattern[DS_PATTERN_MAX + 1] = '\0';
	assert_int_equal(ds_subscribe(pattern, 0), -E2BIG);
	assert_int_equal(ds_unsubscribe(pattern), -E2BIG);
	pattern[DS_PATTERN_MAX] = '\0';
	assert_int_equal(ds_subscribe(pattern, 0), OK);
	assert_int_equal(ds_unsubscribe(pattern), OK);
}

static void a_notification_is_known_by_its_source(void **state)
{
	struct message m = {.m_type = NOTIFY_MESSAGE}, call = {.m_type = 0};
	struct ds_statistics statistics;

	(void)state;
	assert_int_equal(ds_stats(&statistics), OK);
	assert_int_equal(machine_call(DS_STATS, &call), -EINVAL);
	m.m_source = call.m_source;
	assert_true(ds_is_notification(&m));
	machine_kill_after(0);
	assert_int_equal(ds_stats(&statistics), OK);
	assert_true(machine_was_killed());
	assert_false(ds_is_notification(&m));
	assert_int_equal(machine_call(DS_STATS, &call), -EINVAL);
	m.m_source = call.m_source;
	assert_true(ds_is_notification(&m));
	m.m_source = machine_endpoint(BOB);
	assert_false(ds_is_notification(&m));
	m.m_source = RS_PROC_NR;
	assert_false(ds_is_notification(&m));
	m.m_source = CLOCK;
	assert_false(ds_is_notification(&m));
	m.m_source = call.m_source;
	m.m_type = DS_CHECK;
	assert_false(ds_is_notification(&m));
}

static void statistics_count(void **state)
{
	struct ds_statistics statistics;

	(void)state;
	assert_int_equal(ds_publish_u32("a", 1, 0), OK);
	assert_int_equal(ds_publish_str("a", "12345", 0), OK);
	assert_int_equal(ds_subscribe("a", DSF_INITIAL), OK);
	assert_int_equal(ds_stats(&statistics), OK);
	assert_int_equal(statistics.types[DS_TYPE_U32], 1);
	assert_int_equal(statistics.types[DS_TYPE_STR], 1);
	assert_int_equal(statistics.types[DS_TYPE_LABEL], 1);
	assert_int_equal(statistics.subscriptions, 1);
	assert_int_equal(statistics.notices, 2);
	assert_int_equal(statistics.patterns, 1);
	assert_int_equal(statistics.owners, 2);
	assert_int_equal(statistics.value_bytes, 1 + 1 + 5 + 1 + 3);
	assert_true(statistics.bytes > statistics.bytes_free);
	assert_int_equal(statistics.starts, 1);
	machine_kill_after(0);
	assert_int_equal(ds_stats(&statistics), OK);
	assert_int_equal(statistics.starts, 2);
}

static void a_long_list_comes_in_pieces(void **state)
{
	struct ds_entry entries[7];
	uint32_t from = 0, seen = 0;
	char key[20];

	(void)state;
	for (uint32_t i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		machine_be(i % 2 ? ANN : BOB);
		assert_int_equal(ds_publish_u32(key, i, i % 2 ? 0 : DSF_PRIV_SUBSCRIBE), OK);
	}
	machine_be(ANN);
	do {
		int count = ds_list(&from, entries, 7);

		assert_true(count >= 0 && count <= 7);
		for (int i = 0; i < count; i++)
			seen += entries[i].type == DS_TYPE_U32;
	} while (from);
	assert_int_equal(seen, 150);
	assert_int_equal(ds_list(&from, entries, 0), -EINVAL);
}

/* ---- Hostile requests ---- */

/* Each with grants and lengths that can't be, and nothing has changed afterwards. */
static void bad_grants_change_nothing(void **state)
{
	static const char key[] = "kkkk";
	char before[20000];
	cp_grant_id_t good, of_another, to_write, none;

	(void)state;
	assert_int_equal(ds_publish_u32("a", 1, 0), OK);
	snprintf(before, sizeof(before), "%s", everything());
	machine_be(BOB);
	of_another = machine_lend(key, 4, CPF_READ);
	machine_be(ANN);
	good = machine_lend(key, 4, CPF_READ);
	to_write = machine_lend(key, 4, CPF_WRITE);
	none = machine_lend(NULL, 4, CPF_READ | CPF_WRITE);
	const cp_grant_id_t bad[] = {0, -1, INT64_MAX, of_another, to_write, none, 123456};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (uint32_t field = 0; field < 2; field++) {
			union ds_publish_message publish = {
			        .req = {.key = {field ? good : bad[i], 4, DS_TYPE_MEM},
			                .grant = field ? bad[i] : good,
			                .bytes = 4}};
			int result = machine_call(DS_PUBLISH, &publish.m);

			assert_true(result == -EPERM || result == -EFAULT);
		}
		union ds_delete_message delete = {.req = {.key = {bad[i], 1, DS_TYPE_U32}}};
		assert_true(machine_call(DS_DELETE, &delete.m) < 0);
		union ds_subscribe_message subscribe = {.req = {.grant = bad[i], .bytes = 4}};
		assert_true(machine_call(DS_SUBSCRIBE, &subscribe.m) < 0);
		union ds_retrieve_message retrieve = {.req = {.key = {bad[i], 1, DS_TYPE_U32}}};
		assert_true(machine_call(DS_RETRIEVE, &retrieve.m) < 0);
	}
	assert_string_equal(everything(), before);
	assert_no_change();
}

static void bad_lengths_and_keys_change_nothing(void **state)
{
	static const uint32_t lengths[] = {0, DS_KEY_MAX + 1, 0x7fffffff, 0x80000000, 0xffffffff};
	static char page[4096] = "a\0b";
	char before[20000];
	cp_grant_id_t grant;

	(void)state;
	assert_int_equal(ds_publish_u32("a", 1, 0), OK);
	snprintf(before, sizeof(before), "%s", everything());
	grant = machine_lend(page, sizeof(page), CPF_READ | CPF_WRITE);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		union ds_publish_message publish = {.req = {.key = {grant, lengths[i], DS_TYPE_U32}}};

		assert_int_equal(machine_call(DS_PUBLISH, &publish.m), -EINVAL);
	}
	for (uint32_t type = 0; type < 10; type++) {
		union ds_publish_message publish = {
		        .req = {.key = {grant, 3, type}, .grant = grant, .bytes = 3, .number = 4}};

		assert_true(machine_call(DS_PUBLISH, &publish.m) <
		            0); /* the key has a 0, or there is no such type */
	}
	union ds_publish_message much = {
	        .req = {.key = {grant, 1, DS_TYPE_MEM}, .grant = grant, .bytes = DS_VALUE_MAX + 1}};
	assert_int_equal(machine_call(DS_PUBLISH, &much.m), -E2BIG);
	union ds_publish_message longer = {
	        .req = {.key = {grant, 1, DS_TYPE_MEM}, .grant = grant, .bytes = sizeof(page) + 1}};
	assert_int_equal(machine_call(DS_PUBLISH, &longer.m), -EPERM);
	union ds_subscribe_message pattern = {.req = {.grant = grant, .bytes = 3}};
	assert_int_equal(machine_call(DS_SUBSCRIBE, &pattern.m), -EINVAL);
	union ds_label_message {
		struct message m;
		struct {
			endpoint_t source;
			int32_t type;
			struct ds_label_req req;
		};
	} label = {.req = {.label = "svc", .endpoint = NONE}};
	assert_int_equal(machine_call(DS_LABEL, &label.m), -EBADCALL);
	assert_string_equal(everything(), before);
}

/* ---- Mapped ranges ---- */

#define RANGE (2 * PAGE_SIZE)

static uint8_t range[RANGE] __attribute__((aligned(4096))), room[2 * RANGE] __attribute__((aligned(4096)));

static int retrieve_range(const char *key, int number, int flags)
{
	size_t length = sizeof(room);
	int result = ds_retrieve_map(key, room, &length, number, flags);

	return result == OK ? (int)length : result;
}

static void a_range_is_lent_on_until_it_ends(void **state)
{
	(void)state;
	memset(range, 'a', RANGE);
	assert_int_equal(ds_publish_map("m", range, RANGE, 0), OK);
	assert_int_equal(memory_pages(), 2);
	machine_be(BOB);
	assert_int_equal(retrieve_range("m", 0, DSMF_MAP_MAPPED), RANGE);
	assert_int_equal(room[RANGE - 1], 'a');
	range[0] = 'b';
	assert_int_equal(retrieve_range("m", 0, DSMF_MAP_MAPPED), RANGE);
	assert_int_equal(memory_grants(), 1);
	assert_int_equal(room[0], 'b');
	assert_int_equal(retrieve_range("m", 0, DSMF_COPY_MAPPED), RANGE);
	assert_int_equal(retrieve_range("m", 0, DSMF_MAP_MAPPED | DSMF_WRITABLE), -EPERM);
	machine_die(BOB);
	assert_int_equal(memory_grants(), 0);
	assert_int_equal(retrieve_range("m", 0, DSMF_MAP_MAPPED), RANGE);
	machine_be(ANN);
	assert_int_equal(ds_delete_map("m"), OK);
	assert_int_equal(memory_grants(), 0);
	assert_int_equal(memory_pages(), 0);
	assert_int_equal(retrieve_range("m", 0, DSMF_COPY_MAPPED), -ESRCH);
}

static void a_range_s_room_and_flags_are_checked(void **state)
{
	size_t length = RANGE - 1;

	(void)state;
	assert_int_equal(ds_publish_map("m", range, RANGE, DSMF_WRITABLE), OK);
	assert_int_equal(ds_retrieve_map("m", room, &length, 0, DSMF_COPY_MAPPED), -ERANGE);
	assert_int_equal(length, RANGE);
	length = RANGE - 1;
	assert_int_equal(ds_retrieve_map("m", room, &length, 0, DSMF_MAP_MAPPED), -ERANGE);
	assert_int_equal(ds_retrieve_map("m", room + 1, &length, 0, DSMF_MAP_MAPPED), -EINVAL);
	assert_int_equal(retrieve_range("m", 0, 0), -EINVAL);
	assert_int_equal(retrieve_range("m", 0, DSMF_COPY_MAPPED | DSMF_WRITABLE), -EINVAL);
	assert_int_equal(retrieve_range("m", 1, DSMF_MAP_MAPPED), -EINVAL);
	assert_int_equal(retrieve_range("m", 0, DSMF_COPY_SNAPSHOT), -EINVAL);
	assert_int_equal(retrieve_range("m", 1, DSMF_COPY_SNAPSHOT), -ENOENT);
	assert_int_equal(retrieve_range("n", 0, DSMF_MAP_MAPPED), -ESRCH);
	machine_be(BOB);
	assert_int_equal(retrieve_range("m", 0, DSMF_MAP_MAPPED | DSMF_WRITABLE), RANGE);
}

static void snapshots_are_kept_with_their_range(void **state)
{
	int number;

	(void)state;
	memset(range, 'a', RANGE);
	assert_int_equal(ds_publish_map("m", range, RANGE, 0), OK);
	machine_be(BOB);
	assert_int_equal(ds_snapshot_map("m", &number), OK);
	assert_int_equal(number, 1);
	range[0] = 'b';
	machine_kill_after(0);
	assert_int_equal(ds_snapshot_map("m", &number), OK);
	assert_true(machine_was_killed());
	assert_int_equal(number, 2);
	assert_int_equal(retrieve_range("m", 1, DSMF_COPY_SNAPSHOT), RANGE);
	assert_int_equal(room[0], 'a');
	assert_int_equal(retrieve_range("m", 2, DSMF_COPY_SNAPSHOT), RANGE);
	assert_int_equal(room[0], 'b');
	assert_int_equal(memory_pages(), 6);
	machine_die(ANN);
	assert_int_equal(memory_pages(), 0);
	assert_int_equal(ds_snapshot_map("m", &number), -ESRCH);
}

static void a_snapshot_s_memory_is_free_once_it_is_dropped(void **state)
{
	int number;

	(void)state;
	assert_int_equal(ds_publish_map("m", range, RANGE, 0), OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ds_snapshot_map("m", &number), OK);
	assert_int_equal(memory_pages(), 8);
	machine_be(BOB);
	assert_int_equal(ds_drop_snapshot("m", 2), -EPERM);
	machine_be(ANN);
	assert_int_equal(ds_drop_snapshot("m", 0), -ENOENT);
	assert_int_equal(ds_drop_snapshot("m", -1), -ENOENT);
	assert_int_equal(ds_drop_snapshot("n", 1), -ESRCH);
	assert_int_equal(ds_drop_snapshot("", 1), -EINVAL);
	assert_int_equal(memory_pages(), 8);
	assert_int_equal(ds_drop_snapshot("m", 2), OK);
	assert_int_equal(memory_pages(), 6);
	assert_int_equal(retrieve_range("m", 1, DSMF_COPY_SNAPSHOT), RANGE);
	assert_int_equal(retrieve_range("m", 2, DSMF_COPY_SNAPSHOT), -ENOENT);
	assert_int_equal(retrieve_range("m", 3, DSMF_COPY_SNAPSHOT), RANGE);
	assert_int_equal(ds_snapshot_map("m", &number), OK);
	assert_int_equal(number, 4);
}

/* Also by what has been counted anew. */
static void nobody_takes_all_snapshots(void **state)
{
	int number, result;

	(void)state;
	assert_int_equal(ds_publish_map("m", range, RANGE, 0), OK);
	machine_be(BOB);
	for (number = 0; (result = ds_snapshot_map("m", &number)) == OK;)
		;
	assert_int_equal(result, -EDQUOT);
	assert_int_equal(number, 12);
	machine_kill_after(0);
	assert_int_equal(ds_snapshot_map("m", &number), -EDQUOT);
	machine_be(ANN);
	while ((result = ds_snapshot_map("m", &number)) == OK)
		;
	assert_int_equal(result, -EDQUOT);
	assert_int_equal(number, 16);
	assert_int_equal(ds_drop_snapshot("m", 5), OK);
	assert_int_equal(ds_snapshot_map("m", &number), OK);
	assert_int_equal(ds_snapshot_map("m", &number), -EDQUOT);
	machine_be(BOB);
	assert_int_equal(ds_publish_map("mine", range, RANGE, 0), OK);
	assert_int_equal(ds_snapshot_map("mine", &number), OK);
}

/* ---- Memory that is used up ---- */

static void without_memory_calls_fail_cleanly(void **state)
{
	static const char big[100000];
	uint32_t value;
	int number;

	(void)state;
	assert_int_equal(ds_publish_u32("a", 1, 0), OK);
	assert_int_equal(ds_publish_map("m", range, RANGE, 0), OK);
	assert_int_equal(ds_subscribe("b.*c", 0), OK);
	machine_has_memory(0);
	assert_int_equal(ds_publish_mem("big", big, sizeof(big), 0), -ENOSPC);
	assert_int_equal(ds_subscribe("a.*b", 0), -ENOMEM);
	assert_int_equal(ds_subscribe("b.*c", 0), -EEXIST);
	assert_int_equal(ds_subscribe("b.*c", 0x80000000), -EINVAL);
	assert_int_equal(ds_snapshot_map("m", &number), -ENOMEM);
	assert_int_equal(ds_publish_u32("a", 2, DSF_OVERWRITE), OK);
	assert_int_equal(ds_retrieve_u32("a", &value), OK);
	assert_int_equal(value, 2);
	machine_has_memory(1);
	assert_int_equal(ds_publish_mem("big", big, sizeof(big), 0), OK);
	assert_int_equal(ds_subscribe("a.*b", 0), OK);
	assert_int_equal(ds_snapshot_map("m", &number), OK);
}

/* ---- A label that comes late ---- */

/* RS may have too much to tell: DS asks it, so a service is itself from its first call on. */
static void a_service_is_known_before_rs_has_told_its_label(void **state)
{
	struct ds_change change;
	uint32_t value;

	(void)state;
	assert_int_equal(ds_subscribe("late", 0), OK);
	machine_set_label(LATE, "late");
	machine_be(LATE);
	assert_int_equal(ds_publish_u32("late.a", 1, DSF_PRIV), OK);
	assert_int_equal(ds_publish_map("late.range", range, RANGE, 0), OK);
	machine_rs_is_late(1);
	machine_die(LATE); /* its successor has the same label */
	assert_int_equal(number_at("late.a"), 1);
	assert_int_equal(ds_subscribe("late\\.a", DSF_INITIAL), OK);
	assert_int_equal(ds_check_change(&change), OK);
	assert_string_equal(change.key, "late.a");
	assert_int_equal(retrieve_range("late.range", 0, DSMF_COPY_MAPPED), -ESRCH);
	assert_int_equal(ds_publish_u32("late.b", 2, 0), OK);
	machine_rs_is_late(0);
	assert_int_equal(ds_delete_u32("late.a"), OK);
	machine_be(ANN);
	assert_int_equal(ds_check_change(&change), OK);
	assert_string_equal(change.key, "late");
	assert_int_equal(change.what, DS_CREATED);
	assert_int_equal(ds_check_change(&change), -ENOENT);
	machine_returns(0);
	machine_die(LATE);
	assert_int_equal(ds_retrieve_u32("late.b", &value), -ESRCH);
}

/* It would be taken for somebody else. */
static void who_calls_is_not_served_while_it_is_not_known_who_it_is(void **state)
{
	uint32_t value;

	(void)state;
	machine_rs_is_late(1);
	machine_set_label(LATE, "late");
	machine_rs_error(-EDEADSRCDST);
	machine_be(BOB); /* of whom nothing is known, either */
	assert_int_equal(ds_publish_u32("late.b", 1, 0), -EIO);
	machine_be(LATE);
	assert_int_equal(ds_publish_u32("late.a", 1, 0), -EIO);
	machine_rs_error(OK);
	assert_int_equal(ds_publish_u32("late.a", 1, 0), OK);
	machine_rs_error(-EDEADSRCDST); /* it is asked once */
	assert_int_equal(ds_publish_u32("late.a", 2, DSF_OVERWRITE), OK);
	machine_die(LATE);
	machine_be(ANN);
	machine_rs_error(OK);
	assert_int_equal(number_at("late.a"), 2); /* it is the label's */
	assert_int_equal(ds_retrieve_u32("late.b", &value), -ESRCH);
}

/* ---- DS dies ---- */

static void calls_wait_until_it_is_back_or_fail_as_wanted(void **state)
{
	uint32_t value;

	(void)state;
	assert_int_equal(ds_publish_u32("a", 1, 0), OK);
	machine_kill_after(0);
	machine_stay_dead(10);
	assert_int_equal(number_at("a"), 1);
	assert_true(machine_was_killed());
	ds_set_retry(0);
	machine_kill_after(0);
	machine_stay_dead(1);
	assert_int_equal(ds_retrieve_u32("a", &value), -EDEADSRCDST);
	assert_int_equal(ds_retrieve_u32("a", &value), -EAGAIN);
	ds_set_retry(1);
	assert_int_equal(number_at("a"), 1);
	machine_give_up();
	assert_int_equal(ds_retrieve_u32("a", &value), -ENODEV);
}

static void publish_new(void)
{
	assert_int_equal(ds_publish_str("k.new", "new", 0), OK);
}

static void publish_over(void)
{
	assert_int_equal(ds_publish_u32("k.u32", 2, DSF_OVERWRITE | DSF_PRIV_RETRIEVE), OK);
}

static void publish_same(void)
{
	assert_int_equal(ds_publish_u32("k.u32", 1, DSF_OVERWRITE), OK);
}

static void publish_in_vain(void)
{
	assert_int_equal(ds_publish_u32("k.u32", 2, 0), -EEXIST);
}

static void delete_one(void)
{
	assert_int_equal(ds_delete_u32("k.u32"), OK);
}

static void delete_none(void)
{
	assert_int_equal(ds_delete_u32("k.none"), -ESRCH);
}

static void subscribe(void)
{
	assert_int_equal(ds_subscribe("k.*", DSF_INITIAL), OK);
}

static void subscribe_in_vain(void)
{
	assert_int_equal(ds_subscribe("old", 0), -EEXIST);
}

static void unsubscribe(void)
{
	assert_int_equal(ds_unsubscribe("old"), OK);
}

static void check_one(void)
{
	assert_change("old", DS_TYPE_U32, DS_CREATED, machine_endpoint(ANN));
}

static void retrieve(void)
{
	assert_int_equal(number_at("k.u32"), 1);
}

static void publish_range(void)
{
	assert_int_equal(ds_publish_map("k.range", range, RANGE, 0), OK);
	assert_int_equal(retrieve_range("k.range", 0, DSMF_MAP_MAPPED), RANGE);
}

static void publish_other_range(void)
{
	assert_int_equal(ds_publish_map("k.old", range + PAGE_SIZE, PAGE_SIZE, DSF_OVERWRITE), OK);
	assert_int_equal(retrieve_range("k.old", 0, DSMF_COPY_MAPPED), PAGE_SIZE);
}

static void publish_range_in_vain(void)
{
	assert_int_equal(ds_publish_map("k.old", range, RANGE, 0), -EEXIST);
}

static void delete_range(void)
{
	assert_int_equal(ds_delete_map("k.old"), OK);
}

static void snapshot_range(void)
{
	int number;

	assert_int_equal(ds_snapshot_map("k.old", &number), OK);
	assert_int_equal(number, 1);
	assert_int_equal(retrieve_range("k.old", 1, DSMF_COPY_SNAPSHOT), RANGE);
}

static void drop_snapshot(void)
{
	int number;

	assert_int_equal(ds_snapshot_map("k.old", &number), OK);
	assert_int_equal(ds_snapshot_map("k.old", &number), OK);
	assert_int_equal(ds_drop_snapshot("k.old", 1), OK);
	assert_int_equal(retrieve_range("k.old", 1, DSMF_COPY_SNAPSHOT), -ENOENT);
	assert_int_equal(retrieve_range("k.old", 2, DSMF_COPY_SNAPSHOT), RANGE);
}

static void drop_snapshot_in_vain(void)
{
	assert_int_equal(ds_drop_snapshot("k.old", 1), -ENOENT);
}

static void map_range(void)
{
	assert_int_equal(retrieve_range("k.old", 0, DSMF_MAP_MAPPED), RANGE);
}

/* BOB is told of all; ANN makes the call, and has subscribed to "old". */
static void prepare(void)
{
	machine_boot();
	machine_be(BOB);
	assert_int_equal(ds_subscribe("k.*", 0), OK);
	machine_be(ANN);
	assert_int_equal(ds_subscribe("old", 0), OK);
	assert_int_equal(ds_publish_u32("k.u32", 1, 0), OK);
	assert_int_equal(ds_publish_u32("old", 1, 0), OK);
	assert_int_equal(ds_publish_map("k.old", range, RANGE, 0), OK);
	machine_be(BOB);
	assert_change("k.u32", DS_TYPE_U32, DS_CREATED, machine_endpoint(ANN));
	assert_change("k.old", DS_TYPE_MAP, DS_CREATED, machine_endpoint(ANN));
	assert_no_change();
	machine_notified(BOB);
	machine_notified(ANN);
	machine_be(ANN);
}

/* All that can be seen afterwards: entries, what each is told of, and what is told later. */
static const char *what_is_there(void)
{
	static char text[40000];
	struct ds_statistics statistics;
	struct ds_change change;
	size_t used;

	used = (size_t)snprintf(text, sizeof(text), "%s", everything());
	assert_int_equal(ds_stats(&statistics), OK);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "%u %u\n", statistics.subscriptions,
	                         statistics.owners);
	for (uint32_t client = 0; client < 2; client++) {
		machine_be(client);
		while (ds_check_change(&change) == OK)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%u: %s %x\n", client,
			                         change.key, change.what);
	}
	machine_be(ANN);
	return text;
}

/* Endpoints differ from one boot to the next; a list without them and its order are the same. */
static char *without_endpoints(const char *text)
{
	char *copy = strdup(text), *to = copy;

	assert_non_null(copy);
	for (const char *from = text; *from; from++) {
		if (strncmp(from, " by ", 4) == 0)
			from += strcspn(from, "\n");
		*to++ = *from;
	}
	*to = '\0';
	return copy;
}

static void take_notified(int notified[MACHINE_CLIENTS])
{
	for (uint32_t client = 0; client < MACHINE_CLIENTS; client++)
		notified[client] = machine_notified(client);
}

/* ANN has not asked yet what has become of "old", so each new DS may notify her again; and nobody else. */
static void compare_notified(const int found[MACHINE_CLIENTS], const int expected[MACHINE_CLIENTS])
{
	for (uint32_t client = 0; client < MACHINE_CLIENTS; client++)
		if (client != ANN || expected[client])
			assert_int_equal(found[client], expected[client]);
}

/* Kills DS at each piece of the call in turn, until the call ends first. */
static void kill_everywhere_in(void (*call)(void))
{
	int notified[MACHINE_CLIENTS], notified_now[MACHINE_CLIENTS];
	uint32_t pieces = 0;
	char *expected, *found;

	prepare();
	call();
	take_notified(notified);
	expected = without_endpoints(what_is_there());
	do {
		prepare();
		machine_kill_after(pieces++);
		call();
		if (!machine_was_killed())
			break;
		take_notified(notified_now);
		compare_notified(notified_now, notified);
		found = without_endpoints(what_is_there());
		assert_string_equal(found, expected);
		free(found);
		machine_check();
	} while (1);
	assert_true(pieces > 3);
	free(expected);
}

static void a_kill_anywhere_in_a_call_makes_no_difference(void **state)
{
	static void (*const calls[])(void) = {
	        publish_new,
	        publish_over,
	        publish_same,
	        publish_in_vain,
	        delete_one,
	        delete_none,
	        subscribe,
	        subscribe_in_vain,
	        unsubscribe,
	        check_one,
	        retrieve,
	        publish_range,
	        publish_other_range,
	        publish_range_in_vain,
	        delete_range,
	        snapshot_range,
	        drop_snapshot,
	        drop_snapshot_in_vain,
	        map_range,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		kill_everywhere_in(calls[i]);
}

/* A write that was done before the kill is not done again over what another has written since. */
static void a_repeated_write_does_not_undo_another_s(void **state)
{
	union ds_publish_message call;
	cp_grant_id_t key;

	(void)state;
	assert_int_equal(ds_publish_u32("k", 0, 0), OK);
	key = machine_lend("k", 1, CPF_READ);
	const struct ds_publish_req mine = {
	        .key = {key, 1, DS_TYPE_U32}, .serial = 77, .number = 1, .flags = DSF_OVERWRITE};
	call.req = mine;
	assert_int_equal(machine_call(DS_PUBLISH, &call.m), OK);
	machine_be(BOB);
	assert_int_equal(ds_publish_u32("k", 2, DSF_OVERWRITE), OK);
	machine_be(ANN);
	call.req = mine;
	assert_int_equal(machine_call(DS_PUBLISH, &call.m), OK);
	assert_int_equal(number_at("k"), 2);
	call.req = mine;
	call.req.serial = 78;
	assert_int_equal(machine_call(DS_PUBLISH, &call.m), OK);
	assert_int_equal(number_at("k"), 1);
	machine_be(BOB);
	key = machine_lend("k", 1, CPF_READ);
	call.req = mine;
	call.req.key.grant = key;
	call.req.serial = 78; /* BOB's own */
	call.req.number = 5;
	assert_int_equal(machine_call(DS_PUBLISH, &call.m), OK);
	assert_int_equal(number_at("k"), 5);
	machine_die(BOB);
	call.req = mine;
	call.req.key.grant = machine_lend("k", 1, CPF_READ);
	call.req.serial = 78; /* of the process that has BOB's place now */
	call.req.number = 6;
	assert_int_equal(machine_call(DS_PUBLISH, &call.m), OK);
	assert_int_equal(number_at("k"), 6);
}

/* ---- What others do between a kill and the repetition ---- */

static uint32_t told;

/* BOB looks what he is told of. */
static void bob_looks(void)
{
	struct ds_change change;

	machine_be(BOB);
	while (ds_check_change(&change) == OK)
		told++;
}

/* ANN is told of what BOB has published, and publishes something newer. */
static void ann_answers(void)
{
	struct ds_change change;

	machine_be(ANN);
	while (ds_check_change(&change) == OK)
		told++;
	if (told)
		assert_int_equal(ds_publish_u32("level", 2, DSF_OVERWRITE | DSF_PRIV_RETRIEVE), OK);
}

/* Both want it, with the same value: only one has it. */
static void a_lock_is_never_held_by_two(void **state)
{
	uint32_t pieces = 0;

	(void)state;
	do {
		machine_boot();
		machine_be(ANN);
		assert_int_equal(ds_publish_u32("lock", 1, 0), OK);
		machine_be(BOB);
		machine_kill_after(pieces++);
		assert_int_equal(ds_publish_u32("lock", 1, 0), -EEXIST);
	} while (machine_was_killed());
	assert_true(pieces > 3);
}

/* The value is one that its writer may not see. */
static void an_older_value_does_not_come_back(void **state)
{
	uint32_t pieces = 0, both = 0, times;

	(void)state;
	for (times = 0;; times++) {
		machine_boot();
		machine_be(ANN);
		assert_int_equal(ds_publish_u32("level", 0, DSF_PRIV_RETRIEVE), OK);
		assert_int_equal(ds_subscribe("level", 0), OK);
		machine_be(BOB);
		told = 0;
		machine_meanwhile(ann_answers);
		machine_kill_after(pieces++);
		assert_int_equal(ds_publish_u32("level", 1, DSF_OVERWRITE), OK);
		if (!machine_was_killed())
			break;
		machine_be(ANN);
		assert_int_equal(number_at("level"), told ? 2 : 1);
		both += told;
	}
	assert_in_range(both, 1, times - 1); /* kills before it was done, and after */
}

static void the_same_value_again_is_told_just_once(void **state)
{
	uint32_t pieces = 0;

	(void)state;
	do {
		prepare();
		told = 0;
		machine_meanwhile(bob_looks);
		machine_kill_after(pieces++);
		publish_same();
		bob_looks();
		assert_int_equal(told, 1);
	} while (machine_was_killed());
	assert_true(pieces > 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, boot, sound)
	const struct CMUnitTest tests[] = {
	        CASE(values_come_back_as_they_were_published),
	        CASE(a_buffer_too_small_is_told_and_not_touched),
	        CASE(keys_that_can_not_be_are_refused),
	        CASE(publishing_has_its_errors),
	        CASE(what_is_not_there_is_not_found),
	        CASE(owners_keep_to_themselves_what_they_like),
	        CASE(labels_lead_to_endpoints_and_back),
	        CASE(an_ordinary_process_leaves_nothing_and_a_service_all),
	        CASE(a_service_is_known_before_rs_has_told_its_label),
	        CASE(without_memory_calls_fail_cleanly),
	        CASE(who_calls_is_not_served_while_it_is_not_known_who_it_is),
	        CASE(who_never_comes_back_leaves_nothing),
	        CASE(deaths_that_ds_did_not_see_are_found),
	        CASE(a_subscriber_is_told_of_each_key_once),
	        CASE(one_question_a_notification_is_enough_for_one_key),
	        CASE(bad_patterns_are_refused),
	        CASE(a_notification_is_known_by_its_source),
	        CASE(statistics_count),
	        CASE(a_long_list_comes_in_pieces),
	        CASE(bad_grants_change_nothing),
	        CASE(bad_lengths_and_keys_change_nothing),
	        CASE(a_range_is_lent_on_until_it_ends),
	        CASE(a_range_s_room_and_flags_are_checked),
	        CASE(snapshots_are_kept_with_their_range),
	        CASE(a_snapshot_s_memory_is_free_once_it_is_dropped),
	        CASE(nobody_takes_all_snapshots),
	        cmocka_unit_test_setup(calls_wait_until_it_is_back_or_fail_as_wanted, boot),
	        CASE(a_kill_anywhere_in_a_call_makes_no_difference),
	        CASE(a_repeated_write_does_not_undo_another_s),
	        CASE(a_lock_is_never_held_by_two),
	        CASE(an_older_value_does_not_come_back),
	        CASE(the_same_value_again_is_told_just_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
