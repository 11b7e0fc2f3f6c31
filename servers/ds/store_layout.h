/* SPDX-License-Identifier: MIT */
/*
 * What lies in the kept memory. Only whole 32-bit words, and numbers instead of pointers: of blocks from 1,
 * so that 0 is none, or of slots. Whoever changes a word that says anything goes through tx_set
 * (store_core.h).
 *
 *     header | undo log | answers | entries by key | owners by name | subscriptions | list of entries |
 * blocks ...
 *
 * The list and the blocks have room for as much as there can be, from the start, and cost no memory until it
 * is used: it is asked for before (make_present). The others are present from the start.
 */
#ifndef DS_STORE_LAYOUT_H
#define DS_STORE_LAYOUT_H

#include <granite/once.h>

#include "store.h"

#define STORE_MAGIC   0x53445247u /* "GRDS" */
#define STORE_MAKING  0x4d445247u /* "GRDM": a new store, not ready yet */
#define STORE_VERSION 4

#define HEADER_BYTES  4096
#define LABEL_BUCKETS 256 /* of the table of labels by endpoint */

/* A list of owners: 0, or struct owner, through `list_next`. */
struct owner_list {
	uint32_t first, last;
};

enum owner_lists { IN_WAKE, IN_WORK, OWNER_LISTS };

/* In place of the next one: it is in the list, and the last. */
#define LIST_LAST UINT32_MAX

struct store_header {
	uint32_t magic; /* STORE_MAGIC; stored last when a store is made */
	uint32_t version;
	uint32_t bytes, slots; /* of the memory; subscriptions: what the layout follows from */
	uint32_t secret[2];
	uint32_t log_used; /* records of the undo log; 0: no transaction is under way */
	uint32_t serial;   /* the last notice's */

	uint32_t fresh;                  /* blocks from here on have never been used */
	uint32_t free_first, free_count; /* a chain of those that are free again */

	uint32_t entries; /* so many in the list of entries */
	uint32_t types[DS_TYPES];
	uint32_t owners, subscriptions;
	uint32_t range_first;                           /* struct map, through `range_next`: mapped ranges */
	uint32_t releases, release_first, release_last; /* struct map, through `next`: to be unmapped */
	struct owner_list wake;                         /* who is to be notified; by IN_WAKE */
	struct owner_list work[2]; /* of whom something is unfinished: processes; services; by IN_WORK */
	uint32_t initials;         /* subscriptions that are SUBSCRIPTION_INITIAL */

	uint32_t label_table[LABEL_BUCKETS]; /* struct entry, through `label_next`, by endpoint */
};
_Static_assert(sizeof(struct store_header) <= HEADER_BYTES, "the header has its own page");

/* ---- Blocks: all are STORE_BLOCK_BYTES, and begin with the number of the next in their chain or list ----
 */

#define CHUNK_BYTES 60

/* Part of a key, label, pattern or value. */
struct chunk {
	uint32_t next;
	uint8_t bytes[CHUNK_BYTES];
};

#define ENTRY_PRESENT                                                                        \
	0x10000 /* in `flags`; without it the entry is deleted, and only its notices keep it \
	         */

#define LABEL_DIED                                                                              \
	0x20000 /* in `flags` of a label: the death of the process that it names has been noted \
	         */

/* Invariant: in the hash table; if present also in the list of entries and in its owner's. */
struct entry {
	uint32_t next; /* with the same bucket */
	uint32_t hash, type;
	uint32_t key, key_length;            /* struct chunk */
	uint32_t flags;                      /* DSF_PRIV_*, ENTRY_PRESENT */
	uint32_t owner;                      /* also of one that is deleted */
	uint32_t owner_next, owner_previous; /* the owner's other entries */
	uint32_t position;                   /* in the list of entries */
	uint32_t value;                      /* number, endpoint, struct chunk or struct map */
	uint32_t length;                     /* bytes of a value that is kept in chunks */
	uint32_t notices;                    /* the first, through `entry_next` */
	uint32_t label_next;                 /* of a label */
	uint32_t snapshots;                  /* of a mapped range: struct map, newest first */
	uint32_t snapshot_number;            /* of a mapped range: the last one given */
};

/*
 * A mapped range or a snapshot of it. Invariant: with its entry, or in the list of releases. A range that is
 * with its entry is in the list of ranges, too, so that they are found among however many other entries.
 */
struct map {
	uint32_t next; /* snapshot, or release */
	struct store_map told;
	uint32_t entry;                      /* of a range */
	uint32_t range_next, range_previous; /* of a range */
};

/* A change that an owner has not been told of; one for each pair of owner and entry at most. */
struct notice {
	uint32_t next, previous; /* the owner's, oldest first */
	uint32_t owner, entry;
	uint32_t entry_next, entry_previous;
	uint32_t what, serial;
};

/* Somebody who has entries, subscriptions or notices, or had an entry of which others are still to be told.
 */
struct owner {
	uint32_t next;         /* with the same bucket */
	uint32_t label_length; /* 0: has no label */
	uint32_t name;         /* its label, struct chunk; of one without label, its endpoint */
	struct store_limits used;
	uint32_t gone; /* deleted entries that still name it */
	uint32_t first_entry, first_notice, last_notice;
	uint32_t lost;                   /* serial of what could not be kept; 0: nothing */
	uint32_t list_next[OWNER_LISTS]; /* 0: it is not in the list */
	uint32_t died; /* 0: it lives; OWNER_ENDS, or the entry from which on its death is still to be told */
	uint32_t mark; /* scratch, without meaning for a successor */
};

#define OWNER_ENDS UINT32_MAX /* in `died`: all that it has is still to go, and counts as gone */

_Static_assert(sizeof(struct chunk) == STORE_BLOCK_BYTES, "a chunk is a block");
_Static_assert(sizeof(struct entry) == STORE_BLOCK_BYTES, "an entry is a block");
_Static_assert(sizeof(struct map) <= STORE_BLOCK_BYTES, "a mapped range is a block");
_Static_assert(sizeof(struct notice) <= STORE_BLOCK_BYTES, "a notice is a block");
_Static_assert(sizeof(struct owner) == STORE_BLOCK_BYTES, "an owner is a block");

/* ---- Not blocks, but slots in tables ---- */

/* Of the process in this slot of the process table: its last call that was done. */
struct answer {
	struct once once; /* the answer is the reply */
	uint32_t endpoint;
};

enum subscription_state {
	SUBSCRIPTION_WATCHES,
	SUBSCRIPTION_INITIAL, /* and of the entries from position `at` on its owner is still to be told */
	SUBSCRIPTION_ENDS /* its owner's notices from `at` on are still to be looked through; it watches no
	                     more */
};

/* Free if it has no owner. */
struct subscription {
	uint32_t owner;
	uint32_t pattern, length; /* struct chunk */
	uint32_t state, at;
};

#endif
