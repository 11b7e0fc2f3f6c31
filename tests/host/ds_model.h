/* SPDX-License-Identifier: MIT */
/*
 * What a data store is, written as simply as can be: arrays that are searched from end to end, nothing on the
 * heap, copied by assignment. Keys, patterns and people are from small pools, so that they meet. A result is
 * what the store's must be; there is always room for blocks, so only an owner's limits are met.
 */
#ifndef TESTS_DS_MODEL_H
#define TESTS_DS_MODEL_H

#include "servers/ds/store.h"

#define MODEL_KEYS     16
#define MODEL_PATTERNS 14
#define MODEL_PEOPLE   6
#define MODEL_VALUE    300
#define MODEL_ENTRIES  (MODEL_KEYS * DS_TYPES)

extern const char *const model_keys[MODEL_KEYS];
extern const char *const model_patterns[MODEL_PATTERNS]; /* the last few are no patterns */
extern const int model_pattern_errors[MODEL_PATTERNS];
extern const struct store_caller model_people[MODEL_PEOPLE]; /* the last one is RS */

#define MODEL_SNAPSHOTS 32 /* of one range, at most */

struct model_entry {
	int present, owner, flags;
	uint32_t number, length, joined; /* the length of a mapped range is in its map */
	uint8_t value[MODEL_VALUE];
	uint32_t snapshots, last_snapshot;
	struct store_map maps[MODEL_SNAPSHOTS + 1]; /* the live one first */
};

struct model_notice {
	int entry;
	uint32_t what;
};

struct model_owner {
	int subscribed[MODEL_PATTERNS];
	struct model_notice queue[MODEL_ENTRIES];
	int notices, lost, waking;
};

struct model {
	struct store_limits process, service;
	struct model_entry entries[MODEL_ENTRIES]; /* key * DS_TYPES + type */
	int directory[MODEL_ENTRIES], entry_count;
	struct model_owner owners[MODEL_PEOPLE];
	struct store_map releases[2000];
	int release_count;
	uint32_t clock;
};

void model_begin(struct model *model, const struct store_config *config);

/* Each returns what the store's function has to return, for the entry's number as above. */
int model_publish(struct model *m, int who, int entry, const struct store_value *value, int flags);
int model_publish_map(struct model *m, int who, int entry, const struct store_map *map, int flags);
int model_publish_label(struct model *m, int who, int entry, endpoint_t endpoint, int flags);
int model_retrieve(const struct model *m, int who, int entry);
int model_delete(struct model *m, int who, int entry);
int model_snapshot(struct model *m, int who, int entry, const struct store_map *map, uint32_t *number);
int model_drop_snapshot(struct model *m, int who, int entry, uint32_t number);
int model_subscribe(struct model *m, int who, int pattern, int flags);
int model_unsubscribe(struct model *m, int who, int pattern);
void model_died(struct model *m, int who, int for_good);
void model_seen(struct model *m, int who); /* the first of the queue */
void model_opened(struct model *m);        /* DS has been started again */
endpoint_t model_endpoint(const struct model *m, int who);

/* The same text as state_of() writes, in some order of lines. */
char *model_state(const struct model *m, const struct store *store);

#endif
