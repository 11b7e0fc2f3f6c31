/* SPDX-License-Identifier: MIT */
/* What the files of the core share: an open store, transactions, blocks, and the steps that operations are
 * made of. */
#ifndef DS_STORE_CORE_H
#define DS_STORE_CORE_H

#include <assert.h>
#include <errno.h>
#include <granite/journal.h>

#include "store_layout.h"
#include "watch.h"

struct store {
	/* Into the kept memory. */
	struct store_header *header;
	uint32_t *buckets;      /* struct entry, by hash */
	uint32_t *owners;       /* struct owner, by hash */
	uint32_t *directory;    /* the list of entries: where each position's is */
	struct answer *answers; /* ENDPOINT_SLOTS of them */
	struct subscription *slots;
	uint8_t *blocks;

	/* How many there are. */
	uint32_t bucket_count, owner_buckets, directory_size, block_count; /* the first two: powers of two */

	/* So many of the blocks, and of the list of entries, are present: the first ones. */
	uint32_t present_blocks, present_positions;

	/* Of this process. */
	struct journal journal;
	struct store_config config;
	uint32_t kept_blocks[3]; /* enum blocks_for: so many are not for those */
	struct watch *watch;     /* the compiled patterns */
	uint32_t round;          /* of marking owners */
	uint32_t *marked;        /* owners marked in this round */
	uint32_t nr_marked;
	uint32_t is_full; /* 1 << enum blocks_for: there was no block for a notice, in this round */
	int freeing;      /* this transaction has freed blocks */
	uint32_t work;    /* what everything has cost in this part: WORK_* */
	uint32_t turn;    /* header->work: whose turn it was */
};

/* Work besides that of comparing (watch_work), in its units: rather too much than too little. */
#define WORK_TELL    4    /* changing an entry, and looking up whom to tell */
#define WORK_NOTICE  2    /* a notice; an entry that is looked at */
#define NOTICE_LOOKS 40   /* so many notices that are looked at are one unit */
#define WORK_SLOTS   12   /* looking through all subscriptions */
#define WORK_COMPILE 2200 /* compiling a pattern: the dearest takes 1.1 million instructions */

/* ---- Transactions (tx.c) ---- */

/*
 * Between tx_begin and tx_commit every word that says anything is changed by tx_set. Only blocks that were
 * taken in this transaction may be filled without it, all but their first word. After a kill the words have
 * their old values again, unless tx_commit had stored its word.
 */
void tx_begin(struct store *store);
void tx_set(struct store *store, uint32_t *word, uint32_t value);
void tx_add(struct store *store, uint32_t *word, int32_t change);
void tx_commit(struct store *store);

/* ---- Blocks (store_blocks.c) ---- */

static inline void *block_at(const struct store *store, uint32_t block)
{
	assert(block > 0 && block < store->header->fresh);
	return store->blocks + (uint64_t)block * STORE_BLOCK_BYTES;
}

static inline struct entry *entry_at(const struct store *store, uint32_t block)
{
	return block_at(store, block);
}

static inline struct owner *owner_at(const struct store *store, uint32_t block)
{
	return block_at(store, block);
}

static inline struct notice *notice_at(const struct store *store, uint32_t block)
{
	return block_at(store, block);
}

static inline struct map *map_at(const struct store *store, uint32_t block)
{
	return block_at(store, block);
}

uint32_t blocks_free(const struct store *store);

/* The last blocks are not for everybody: RS can always publish labels, and services what they know. */
enum blocks_for { FOR_PROCESSES, FOR_SERVICES, FOR_LABELS };

/*
 * Whether so many blocks can be touched, and one more position of the list of entries, or there is no memory
 * for them. Those for labels are present from the start, and left to them.
 */
int blocks_are_present(struct store *store, uint32_t blocks, enum blocks_for whom);
int position_is_present(struct store *store, enum blocks_for whom);
GRANITE_MUST_CHECK int labels_present(struct store *store); /* OK or -ENOMEM */

/* A block of zeros; there must be one. In a transaction all taking comes before all freeing (README.md). */
uint32_t block_take(struct store *store);
void block_free(struct store *store, uint32_t block);

/* Chains of chunks. None has 0 bytes: no chunk, and the number 0. */
uint32_t chain_blocks(uint32_t length); /* so many chunks are that */
uint32_t chain_take(struct store *store, const void *bytes, uint32_t length);
void chain_free(struct store *store, uint32_t chain);
void chain_read(const struct store *store, uint32_t chain, void *buffer, uint32_t length);
int chain_equals(const struct store *store, uint32_t chain, const void *bytes, uint32_t length);

/* ---- Owners (store_owners.c) ---- */

uint32_t owner_find(const struct store *store, const struct store_owner *who); /* 0: none */
uint32_t owner_blocks(const struct store_owner *who);                          /* that owner_make takes */
uint32_t owner_make(struct store *store, const struct store_owner *who);
int owner_has_something(const struct owner *owner); /* that is still to go, or to be told */
int owner_is_needed(const struct store *store, uint32_t owner);
void owner_tidy(struct store *store, uint32_t owner); /* frees one that is not needed any more */
void owner_tell(const struct store *store, uint32_t owner, struct store_owner *who);
int owner_is(const struct store *store, uint32_t owner, const struct store_owner *who);

void list_append(struct store *store, struct owner_list *list, uint32_t owner, enum owner_lists in);
void list_leave_first(struct store *store, struct owner_list *list, enum owner_lists in);

static inline int owner_is_in(const struct store *store, uint32_t owner, enum owner_lists in)
{
	return owner_at(store, owner)->list_next[in] != 0;
}

const struct store_limits *owner_limits(const struct store *store, uint32_t owner);
const struct store_limits *limits_of(const struct store *store, const struct store_owner *who);

/* No owner's mark is store->round afterwards. */
void owners_next_round(struct store *store);
void owners_unmark(struct store *store);

int room_for(struct store *store, uint32_t blocks, enum blocks_for whom);
enum blocks_for blocks_for(const struct store_caller *caller);
int has_reserve(const struct store_caller *caller); /* what is kept of other things: a service, or RS */

/* ---- Entries (store_entries.c) ---- */

uint32_t key_hash(const struct store *store, const struct store_key *key);
int key_is_sound(const struct store_key *key);
uint32_t entry_find(const struct store *store, const struct store_key *key, uint32_t hash); /* 0: none */
/* Deleted ones, and those whose owner's death is their end: 0. */
uint32_t entry_present(const struct store *store, const struct store_key *key);
int entry_ends(const struct store *store, const struct entry *entry); /* its owner's death is its end */

/* Whether it is present, but still to be ended. */
static inline int entry_is_gone(const struct store *store, const struct entry *entry)
{
	return store_is_unfinished(store) && entry_ends(store, entry);
}

void entry_tell(const struct store *store, const struct entry *entry, struct store_entry *told);
void entry_key(const struct store *store, const struct entry *entry, char key[DS_KEY_SIZE]);

/* A deleted one, in the hash table alone. */
uint32_t entry_make(struct store *store, const struct store_key *key, uint32_t hash, uint32_t owner);
void entry_show(struct store *store, uint32_t entry, uint32_t owner, uint32_t flags); /* makes it present */
void entry_charge(struct store *store, struct entry *entry, uint32_t length); /* its value's length changes */

/* Deletes it, and tells subscribers that this has happened. */
void entry_end(struct store *store, uint32_t entry, uint32_t what);
void entry_tidy(struct store *store, uint32_t entry); /* frees a deleted one that has no notices */

/* Takes and frees what a value has outside of the entry; ranges go to the list of releases. */
void value_drop(struct store *store, uint32_t type, uint32_t value, uint32_t snapshots);

enum action { ACTION_RETRIEVE, ACTION_OVERWRITE, ACTION_SNAPSHOT, ACTION_SUBSCRIBE, ACTION_DELETE };

/* Whether the caller may do this to the entry; whether this owner may be told of it. Decided in one place. */
int entry_may(const struct store *store, const struct entry *entry, const struct store_caller *caller,
              enum action action);
int entry_is_shown(const struct entry *entry, uint32_t owner);

/* The present entry with this key, if the caller may do this to it. OK, -EINVAL, -ESRCH, -EPERM. */
GRANITE_MUST_CHECK int entry_find_for(const struct store *store, const struct store_caller *caller,
                                      const struct store_key *key, enum action action, uint32_t *found);

/* ---- Labels and mapped ranges (store_labels.c, store_maps.c) ---- */

uint32_t label_find(const struct store *store, endpoint_t endpoint); /* the entry; 0: none */
void label_link(struct store *store, uint32_t entry, endpoint_t endpoint);
void label_unlink(struct store *store, uint32_t entry);
endpoint_t label_endpoint(const struct store *store, const char *label, uint32_t length);
void range_join(struct store *store, uint32_t range, uint32_t entry);    /* a new one */
void range_end(struct store *store, uint32_t range, uint32_t snapshots); /* it and these are to be released */

/* ---- Notices (store_notices.c) ---- */

/* Between the two owners are added who are to be told, each once. */
void telling_begin(struct store *store);
void telling_add(struct store *store, uint32_t owner);
void telling_end(struct store *store, uint32_t entry, uint32_t what);

void notices_tell(struct store *store, uint32_t entry, uint32_t what); /* everybody who may know */
void notice_add(struct store *store, uint32_t owner, uint32_t entry, uint32_t what);
void notice_drop(struct store *store, uint32_t notice);
void notices_lose(struct store *store, uint32_t owner); /* notes that something could not be kept */
void owner_wake(struct store *store, uint32_t owner);

/* ---- Answers (store_answers.c) ---- */

/* The caller's call is done, and this is its answer. Once in each operation, in its first transaction. */
void answer_keep(struct store *store, const struct store_caller *caller, uint64_t answer);

/* ---- Subscriptions (store_subscribe.c) ---- */

void subscription_drop(struct store *store, uint32_t slot);
void initial_note(struct store *store, uint32_t slot, uint32_t state); /* it is in this state, and at 0 */

/* ---- Deaths (store_deaths.c) ---- */

void death_go_on(struct store *store, uint32_t owner, uint32_t end); /* does part of what one brings about */

/* What has happened to the entry's owner is told of it, before it changes; if it ends that is done. */
void death_settle(struct store *store, const struct store_key *key);

/* ---- Operations of many transactions (store_unfinished.c) ---- */

void unfinished_note(struct store *store, uint32_t owner); /* in a transaction: there is something to do */

/* The entry at position `from` of the list is going to be at `to`, which is before that: whoever has
 * DSF_INITIAL and is between the two is told of it now. */
void initials_pass(struct store *store, uint32_t from, uint32_t to);

/* The notice is dropped: who was to look at it goes on with the next. */
void unfinished_skip(struct store *store, uint32_t notice);

#endif
