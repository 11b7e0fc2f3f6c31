/* SPDX-License-Identifier: MIT */
/* links: servers/ds/store_*.c servers/ds/tx.c servers/ds/hash.c servers/ds/pattern*.c servers/ds/watch.c
 * lib/sys/once.c tests/host/journal_hooked.c */
/*
 * libFuzzer's bytes as operations on a data store: hostile keys, patterns, lengths and flags by several
 * people, death at any store of a word, and reopenings. After each operation all invariants must hold; what
 * has been opened once can always be opened again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/ds/store.h"
#include "tests/host/journal_hook.h"

#define BYTES STORE_BYTES_MIN

/* ---- The input ---- */

static const uint8_t *input;
static size_t input_left;

static uint32_t byte(void)
{
	if (!input_left)
		return 0;
	input_left--;
	return *input++;
}

/* Small mostly, sometimes anything. */
static uint32_t word(void)
{
	uint32_t first = byte();

	return first < 250 ? first : first << 24 | byte() << 16 | byte() << 8 | byte();
}

/* As many bytes of the input as it says, in memory of just that length; the length told may be another. */
static char *text(uint32_t *length)
{
	uint32_t wanted = byte() % 100, bytes = wanted < input_left ? wanted : (uint32_t)input_left;
	char *copy = malloc(bytes ? bytes : 1);

	memcpy(copy, input, bytes);
	input += bytes;
	input_left -= bytes;
	*length = bytes;
	return copy;
}

/* ---- The store ---- */

static struct store *store;
static struct store_config config;
static _Alignas(4096) uint8_t memory[BYTES], left[BYTES];
static uint32_t countdown;
static int killed;

static void count_down(void)
{
	if (countdown == 0 || --countdown > 0)
		return;
	memcpy(left, memory, BYTES);
	killed = 1;
}

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "ds_fuzz: %s\n", what);
	abort();
}

static void check(void)
{
	const char *fault = store_check(store);

	must(!fault, fault);
}

static void reopen(void)
{
	store_close(store);
	must(store_open(&store, memory, BYTES, &config) == OK, "it can't be opened again");
	check();
}

/* ---- Operations ---- */

static struct store_caller who;
static struct store_key key;
static char *key_text;

static void get_people(void)
{
	static const char *const labels[] = {"", "", "eth", "rs"};
	uint32_t number = byte() % 4;

	memset(&who, 0, sizeof(who));
	strcpy(who.owner.label, labels[number]);
	who.owner.endpoint = number < 2 ? 1100 + (endpoint_t)number : NONE;
	who.is_rs = number == 3;
}

static void get_key(void)
{
	static const char *const known[] = {"a", "ab", "eth", "eth.0"};
	uint32_t first = byte();

	key_text = NULL;
	if (first < 200)
		key = (struct store_key){known[first % 4], (uint32_t)strlen(known[first % 4]),
		                         first / 4 % 5 + 1};
	else {
		key.text = key_text = text(&key.length);
		key.type = word();
	}
}

static void publish(void)
{
	struct store_value value = {.number = word()};
	char *bytes = text(&value.length);
	uint32_t flags = word();

	value.bytes = bytes;
	(void)!store_publish(store, &who, &key, &value, flags);
	free(bytes);
}

static void publish_map(void)
{
	struct store_map map = {.number = byte() / 200, .address = word(), .length = word()};

	(void)!store_publish_map(store, &who, &key, &map, word());
}

static void publish_label(void)
{
	endpoint_t endpoint = (endpoint_t)word();

	(void)!store_publish_label(store, &who, &key, endpoint, word());
}

static void retrieve(void)
{
	struct store_entry entry;
	struct store_map map;
	uint32_t size = byte();
	char *buffer = malloc(size ? size : 1);

	(void)!store_retrieve(store, &who, &key, buffer, size, &entry);
	(void)!store_retrieve_map(store, &who, &key, word(), &map);
	(void)!store_list(store, &who, word(), &entry);
	free(buffer);
}

static void delete (void)
{
	(void)!store_delete(store, &who, &key);
}

static void snapshot(void)
{
	struct store_map map = {.address = word()};
	uint32_t number;
	int may = store_may_snapshot(store, &who, &key);

	must(store_snapshot(store, &who, &key, &map, &number) == may, "a snapshot is not as was said");
}

static void drop_snapshot(void)
{
	(void)!store_drop_snapshot(store, &who, &key, byte());
}

static void subscribe(void)
{
	static const char *const known[] = {".*", "a.*", "eth(\\.[0-9])?", "ab"};
	uint32_t first = byte(), length;
	char *pattern = first < 128 ? strdup(known[first % 4]) : text(&length);

	length = first < 128 ? (uint32_t)strlen(pattern) : length;
	if (first % 2)
		(void)!store_subscribe(store, &who, pattern, length, word());
	else
		(void)!store_unsubscribe(store, &who, pattern, length);
	free(pattern);
}

static void see(void)
{
	struct store_change change;
	endpoint_t endpoint;

	if (store_change_next(store, &who, &change) == OK)
		store_change_seen(store, &who, change.serial - byte() % 2);
	if (byte() % 2)
		(void)!store_wake_next(store, &endpoint);
}

static void release(void)
{
	store_released(store);
}

static void die(void)
{
	store_owner_died(store, &who.owner);
}

static void end(void)
{
	store_owner_ended(store, &who.owner);
}

static void go_on(void)
{
	(void)!store_go_on(store, 1 + byte());
}

static void (*const operations[])(void) = {
        publish,   publish, publish_map, publish_label, retrieve, delete, snapshot,      subscribe,
        subscribe, see,     release,     die,           end,      reopen, drop_snapshot, go_on};

static void operate(void)
{
	uint32_t which = byte();

	get_people();
	get_key();
	killed = 0;
	countdown = which & 0x80 ? word() : 0;
	while (store_must_wait(store, &who.owner))
		go_on();
	operations[(which & 0x7f) % (sizeof(operations) / sizeof(operations[0]))]();
	countdown = 0;
	if (killed) {
		memcpy(memory, left, BYTES);
		reopen();
	}
	check();
	free(key_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	input_left = size;
	store_config_default(&config);
	config.subscriptions = 8;
	config.process = (struct store_limits){.entries = 8, .bytes = 400, .subscriptions = 3, .notices = 4};
	memset(memory, 0, BYTES);
	must(store_open(&store, memory, BYTES, &config) == OK, "no new store");
	journal_hook = count_down;
	while (input_left)
		operate();
	reopen();
	store_close(store);
	return 0;
}
