/* SPDX-License-Identifier: MIT */
/* A store in memory of the test's own: see ds_world.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "ds_world.h"

#define USUAL_BYTES 0x54000
#define PAGE        4096u

struct store *store;
struct store_config config;
struct store_caller ann, bob, eth, root;

static uint8_t *memory;
static uint32_t memory_bytes;
static int memory_is_ours;
static uint8_t is_present[0x4000000 / PAGE]; /* if it is ours: its pages */

/* ---- The store ---- */

static void open_it(void)
{
	assert_int_equal(store_open(&store, memory, memory_bytes, &config), OK);
	assert_null(store_check(store));
}

static void usual_config(void)
{
	if (config.subscriptions)
		return;
	store_config_default(&config);
	config.subscriptions = 64;
}

int world_has_memory;

/* What has not been asked for can't be touched. */
static int make_present(void *at, uint32_t bytes, int grows)
{
	uint32_t offset = (uint32_t)((uint8_t *)at - memory);
	uint32_t start = offset / PAGE * PAGE, end = (offset + bytes + PAGE - 1) / PAGE * PAGE;

	if (grows && !world_has_memory)
		return -ENOMEM;
	assert_in_range(end, start + PAGE, memory_bytes);
	assert_int_equal(mprotect(memory + start, end - start, PROT_READ | PROT_WRITE), 0);
	memset(is_present + start / PAGE, 1, (end - start) / PAGE);
	return OK;
}

static void new_memory(uint32_t bytes)
{
	memory_bytes = (bytes + PAGE - 1) / PAGE * PAGE;
	memory = mmap(NULL, memory_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	assert_in_range(memory_bytes, PAGE, sizeof(is_present) * PAGE);
	memset(is_present, 0, sizeof(is_present));
	assert_int_equal(make_present(memory, 1, 0), OK); /* where one looks whether there is a store */
}

void world_begin_in(uint8_t *given, uint32_t bytes)
{
	world_end();
	usual_config();
	config.make_present = NULL;
	memory = given;
	memory_bytes = bytes;
	memory_is_ours = 0;
	open_it();
}

void world_begin_sized(uint32_t bytes)
{
	world_end();
	usual_config();
	config.make_present = make_present;
	world_has_memory = 1;
	new_memory(bytes);
	memory_is_ours = 1;
	open_it();
}

void world_begin(void)
{
	memset(&config, 0, sizeof(config));
	world_begin_sized(USUAL_BYTES);
}

void world_end(void)
{
	if (store)
		store_close(store);
	store = NULL;
	if (memory_is_ours)
		munmap(memory, memory_bytes);
	memory = NULL;
}

void world_reopen(void)
{
	store_close(store);
	store = NULL;
	open_it();
}

uint8_t *world_memory(void)
{
	if (memory_is_ours)
		assert_int_equal(make_present(memory, memory_bytes, 0), OK);
	return memory;
}

void world_save(uint8_t *to)
{
	for (uint32_t at = 0; at < memory_bytes; at += PAGE)
		if (is_present[at / PAGE])
			memcpy(to + at, memory + at, PAGE);
		else
			memset(to + at, 0, PAGE);
}

void world_restore(const uint8_t *from)
{
	for (uint32_t at = 0; at < memory_bytes; at += PAGE)
		if (is_present[at / PAGE])
			memcpy(memory + at, from + at, PAGE);
}

uint32_t world_bytes(void)
{
	return memory_bytes;
}

/* ---- People ---- */

struct store_caller process(endpoint_t endpoint)
{
	return (struct store_caller){.owner = {.endpoint = endpoint}};
}

struct store_caller service(const char *label)
{
	struct store_caller caller = {.owner = {.endpoint = NONE}};

	strncpy(caller.owner.label, label, DS_KEY_MAX);
	return caller;
}

struct store_caller rs(void)
{
	struct store_caller caller = service("rs");

	caller.is_rs = 1;
	return caller;
}

int world_setup(void **state)
{
	(void)state;
	world_begin();
	ann = process(1100);
	bob = process(1101);
	eth = service("eth");
	root = rs();
	return 0;
}

int world_teardown(void **state)
{
	(void)state;
	assert_null(store_check(store));
	world_reopen();
	world_end();
	return 0;
}

/* ---- Calls in short ---- */

struct store_key key_of(uint32_t type, const char *text)
{
	return (struct store_key){text, (uint32_t)strlen(text), type};
}

int publish_u32(const struct store_caller *caller, const char *text, uint32_t number, uint32_t flags)
{
	struct store_key key = key_of(DS_TYPE_U32, text);
	struct store_value value = {.number = number};

	return store_publish(store, caller, &key, &value, flags);
}

int publish_str(const struct store_caller *caller, const char *text, const char *string, uint32_t flags)
{
	struct store_key key = key_of(DS_TYPE_STR, text);
	struct store_value value = {string, (uint32_t)strlen(string), 0};

	return store_publish(store, caller, &key, &value, flags);
}

int publish_map(const struct store_caller *caller, const char *text, uint32_t address, uint32_t flags)
{
	struct store_key key = key_of(DS_TYPE_MAP, text);
	struct store_map map = {
	        .address = address, .length = 4096, .rights = 7, .server = {1, 2, 3, address}};

	return store_publish_map(store, caller, &key, &map, flags);
}

int publish_label(const char *label, endpoint_t endpoint, uint32_t flags)
{
	struct store_key key = key_of(DS_TYPE_LABEL, label);
	struct store_caller caller = rs();

	return store_publish_label(store, &caller, &key, endpoint, flags);
}

int retrieve_u32(const struct store_caller *caller, const char *text, uint32_t *number)
{
	struct store_key key = key_of(DS_TYPE_U32, text);
	struct store_entry entry;
	int result = store_retrieve(store, caller, &key, NULL, 0, &entry);

	if (result == OK)
		*number = entry.number;
	return result;
}

int begin_to_subscribe(const struct store_caller *caller, const char *pattern, uint32_t flags)
{
	return store_subscribe(store, caller, pattern, (uint32_t)strlen(pattern), flags);
}

int subscribe(const struct store_caller *caller, const char *pattern, uint32_t flags)
{
	int result = begin_to_subscribe(caller, pattern, flags);

	world_finish();
	return result;
}

int unsubscribe(const struct store_caller *caller, const char *pattern)
{
	int result = store_unsubscribe(store, caller, pattern, (uint32_t)strlen(pattern));

	world_finish();
	return result;
}

void owner_died(const struct store_caller *caller)
{
	store_owner_died(store, &caller->owner);
	world_finish();
}

void owner_ended(const struct store_caller *caller)
{
	store_owner_ended(store, &caller->owner);
	world_finish();
}

void world_finish(void)
{
	while (store_go_on(store, STORE_WORK))
		;
}

int delete_u32(const struct store_caller *caller, const char *text)
{
	struct store_key key = key_of(DS_TYPE_U32, text);

	return store_delete(store, caller, &key);
}

void world_what(char *text, uint32_t what)
{
	static const char *const names[] = {"created", "changed", "deleted", "died", "lost"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (what & 1u << i)
			sprintf(text + strlen(text), " %s", names[i]);
}

const char *next_change(const struct store_caller *caller)
{
	static char text[200];
	struct store_change change;

	if (store_change_next(store, caller, &change) != OK)
		return "";
	strcpy(text, change.key);
	world_what(text, change.what);
	store_change_seen(store, caller, change.serial);
	return text;
}
