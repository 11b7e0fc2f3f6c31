/* SPDX-License-Identifier: MIT */
/* sanitizers: none */
/* links: servers/ds/ranges.c servers/ds/quotas.c servers/ds/lendings.c servers/ds/kept.c
 * servers/ds/store_*.c servers/ds/tx.c lib/sys/journal.c lib/sys/once.c servers/ds/hash.c
 * servers/ds/pattern*.c servers/ds/watch.c tests/host/ds_world.c tests/host/ds_state.c tests/host/stepper.c
 */
/*
 * What the server does about mapped ranges when a process calls exec, and when it is started again, depends
 * on how many ranges there are, and not on other entries; and a subscription is not looked for once for each
 * other one. Counted in instructions, by single steps.
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
#include "servers/ds/kept.h"
#include "servers/ds/ds.h"
#include "servers/ds/ranges.h"
#include "stepper.h"

#define BYTES      0x3000000
#define FEW        10
#define MANY       100000
#define PUBLISHERS 50
#define EACH       2 /* ranges */

static uint8_t *shared;
static struct kept memory;

/* ---- What the server has around it ---- */

uint8_t *work;

struct store_caller request_caller(endpoint_t caller)
{
	struct store_caller who = {.is_rs = 0};

	store_owner_of(store, caller, &who.owner);
	return who;
}

void wake_all(void)
{
}

void ds_log(const char *format, ...)
{
	fail_msg("DS complains: %s", format);
}

int memory_is_lent(uint32_t address, uint32_t bytes)
{
	return address >= RANGES_AT && bytes > 0;
}

int memory_next(uint32_t *start, uint32_t *end)
{
	return *start > *end;
}

void memory_unmap(uint32_t address, uint32_t bytes)
{
	fail_msg("%u bytes at %x are unmapped", bytes, address);
}

cp_grant_id_t memory_lend(endpoint_t to, uint32_t address, uint32_t bytes, int writable)
{
	(void)to, (void)address, (void)bytes, (void)writable;
	return 1;
}

int memory_is_spare(uint32_t bytes)
{
	return bytes > 0;
}

int memory_is_held(cp_grant_id_t grant)
{
	(void)grant;
	abort();
}

void memory_take_back(cp_grant_id_t grant)
{
	(void)grant;
}

/* ---- Publishers, each with some of the other entries, too ---- */

static struct store_caller publisher(uint32_t which)
{
	return process(ENDPOINT_MAKE(100 + which, 1));
}

static void publish_range(uint32_t which, uint32_t number)
{
	struct store_caller caller = publisher(which);
	struct store_map map = {.address = RANGES_AT + (which * EACH + number) * PAGE_SIZE,
	                        .length = PAGE_SIZE,
	                        .server = {[RANGE_PUBLISHER] = (uint32_t)caller.owner.endpoint}};
	char text[32];
	struct store_key key;

	sprintf(text, "range.%u.%u", which, number);
	key = key_of(DS_TYPE_MAP, text);
	assert_int_equal(store_publish_map(store, &caller, &key, &map, 0), OK);
}

static void begin(uint32_t entries)
{
	char text[32];

	world_end();
	memset(shared, 0, BYTES);
	store_config_default(&config);
	config.secret = 0x243f6a8885a308d3;
	world_begin_in(shared, BYTES);
	for (uint32_t i = 0; i < PUBLISHERS * EACH; i++)
		publish_range(i / EACH, i % EACH);
	for (uint32_t i = 0; i < entries; i++) {
		struct store_caller caller = publisher(i % PUBLISHERS);

		sprintf(text, "entry.%u", i);
		assert_int_equal(publish_u32(&caller, text, i, 0), OK);
	}
	memset(&memory, 0, sizeof(memory));
	kept = &memory;
	ranges_open();
}

/* ---- What is measured ---- */

static void do_exec(void)
{
	ranges_execed(publisher(7).owner.endpoint);
}

static void do_restart(void)
{
	ranges_open();
	ranges_check();
}

static void warm_up(void)
{
	do_exec();
	do_restart();
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {{"exec", do_exec}, {"restart", do_restart}};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

static void measure(uint32_t entries, long cost[ACTS])
{
	begin(entries);
	for (unsigned i = 0; i < ACTS; i++)
		cost[i] = stepper_run(warm_up, acts[i].act, NULL);
	assert_null(store_check(store));
}

static void only_ranges_are_looked_at(void **state)
{
	long few[ACTS], many[ACTS];

	(void)state;
	measure(FEW, few);
	measure(MANY, many);
	for (unsigned i = 0; i < ACTS; i++) {
		print_message("# %s: %ld instructions with %d entries, %ld with %d\n", acts[i].name, few[i],
		              FEW, many[i], MANY);
		assert_in_range(many[i], few[i] - 60, few[i] + 60);
	}
}

/* ---- Subscriptions, of as many owners as may have so many ---- */

#define SUBSCRIPTIONS 1000

static void subscribe_all(uint32_t count)
{
	char text[40];

	for (uint32_t i = 0; i < count; i++) {
		struct store_caller caller = i < 700 ? publisher(i / 30) : service(i % 2 ? "eth" : "disk");

		sprintf(text, "driver\\.%03u\\..*", i);
		assert_int_equal(subscribe(&caller, text, 0), OK);
	}
}

static void do_look_for_a_subscription(void)
{
	struct store_caller caller = publisher(7);

	if (store_unsubscribe(store, &caller, "nothing.*", 9) != -ESRCH)
		abort();
}

static void a_subscription_is_looked_for_once(void **state)
{
	long few, many;

	(void)state;
	begin(0);
	subscribe_all(FEW);
	few = stepper_run(do_look_for_a_subscription, do_look_for_a_subscription, NULL);
	begin(0);
	subscribe_all(SUBSCRIPTIONS);
	many = stepper_run(do_look_for_a_subscription, do_look_for_a_subscription, NULL);
	print_message("# looking for a subscription: %ld instructions with %d, %ld with %d\n", few, FEW, many,
	              SUBSCRIPTIONS);
	assert_in_range(many, few - 60, few + 10 * SUBSCRIPTIONS);
	world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(only_ranges_are_looked_at),
	        cmocka_unit_test(a_subscription_is_looked_for_once),
	};

	shared = stepper_memory(BYTES);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
