/* SPDX-License-Identifier: MIT */
/* A store in memory of the test's own, people who use it, and all that can be seen of it as text. */
#ifndef TESTS_DS_WORLD_H
#define TESTS_DS_WORLD_H

#include "servers/ds/store.h"

extern struct store *store;
extern struct store_config config; /* for the next opening */

/* A new store; the old one is forgotten. With `bytes` of memory, or 336 KiB. It can't be touched before it
 * has been asked for (make_present), which fails for what grows while world_has_memory is 0. */
extern int world_has_memory;
void world_begin(void);
void world_begin_sized(uint32_t bytes);
void world_begin_in(uint8_t *memory, uint32_t bytes); /* whatever is there */
void world_end(void);

/* DS dies and is started again. */
void world_reopen(void);

uint8_t *world_memory(void); /* all of it can be touched from now on */
void world_save(uint8_t *to);
void world_restore(const uint8_t *from); /* what was present then, or less, is present now */
uint32_t world_bytes(void);

/* ---- People ---- */

struct store_caller process(endpoint_t endpoint);
struct store_caller service(const char *label);
struct store_caller rs(void);

/* Two processes, a service, and RS. */
extern struct store_caller ann, bob, eth, root;

/*
 * A test that begins with an empty store and these people. Whatever it has done, at its end nothing is
 * broken, and nothing is lost when DS dies.
 */
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int world_setup(void **state);
int world_teardown(void **state);

/* ---- Calls in short ---- */

struct store_key key_of(uint32_t type, const char *text);
int publish_u32(const struct store_caller *caller, const char *key, uint32_t number, uint32_t flags);
int publish_str(const struct store_caller *caller, const char *key, const char *text, uint32_t flags);
int publish_map(const struct store_caller *caller, const char *key, uint32_t address, uint32_t flags);
int publish_label(const char *label, endpoint_t endpoint, uint32_t flags);
int retrieve_u32(const struct store_caller *caller, const char *key, uint32_t *number);
/* What is to be told of all that exists is unfinished still; subscribe() finishes it. */
int begin_to_subscribe(const struct store_caller *caller, const char *pattern, uint32_t flags);
int subscribe(const struct store_caller *caller, const char *pattern, uint32_t flags);
int delete_u32(const struct store_caller *caller, const char *key);

/* All that is unfinished is finished. */
void world_finish(void);

/* Those that take more than one part, to the end. */
int unsubscribe(const struct store_caller *caller, const char *pattern);
void owner_died(const struct store_caller *caller);
void owner_ended(const struct store_caller *caller);

/* What check() would tell: the next change, which is seen then. "KEY what"; "" if there is none. Static. */
const char *next_change(const struct store_caller *caller);

void world_what(char *text, uint32_t what); /* appends " created", say */

/* ---- All of it (ds_state.c) ---- */

/*
 * Finishes what is unfinished, and writes down all that can be seen of a store, and how many blocks are free.
 * Whoever is to be told of something is told it, so the store is another afterwards. The text is as long as
 * it needs; the caller frees it.
 */
char *state_of(struct store *of);

#endif
