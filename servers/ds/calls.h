/* SPDX-License-Identifier: MIT */
/*
 * Calls that change something are done once, however often DS dies while they are made. What for that is kept
 * beside the store, in memory of its own:
 *
 *   - of each client the serial of the last call that was done for it. If it comes again the answer has got
 *     lost, and is given again; nothing is done.
 *   - which labels there are
 *   - the call under way, with its value. The store does it as a whole or not at all, but what is written
 * here and there is not written at one stroke. So a successor that finds a call under way looks at the store
 *     whether it has been done. It can tell, because nobody else has changed anything since.
 *
 *     1 note the call, and what the store says of its subject       a kill before 2: it is not done
 *     2 state = CALL_BEGUN
 *     3 the store does it                                           a kill before 5: calls_open() looks
 *     4 note that it is the client's last one, if it was done
 *     5 state = CALL_NONE
 */
#ifndef DS_CALLS_H
#define DS_CALLS_H

#include <granite/abi/endpoint.h>
#include <granite/abi/info.h>
#include <granite/abi/priv.h>

#include "store.h"

enum call_state { CALL_NONE, CALL_BEGUN };

/* What tells whether it has been done: see done() in calls.c. */
enum call_kind {
	CALL_PUBLISH,
	CALL_PUBLISH_MAP,
	CALL_SNAPSHOT,
	CALL_DROP_SNAPSHOT,
	CALL_DELETE,
	CALL_SUBSCRIBE,
	CALL_UNSUBSCRIBE
};

struct call {
	uint32_t state, kind; /* enum call_state, enum call_kind */
	uint64_t serial;
	endpoint_t caller;
	uint32_t existed; /* the entry, subscription or snapshot was there before */
	uint32_t type, flags;
	uint32_t number,
	        length; /* of a value, whose bytes are in `staged`; the number of a snapshot to be dropped */
	uint32_t address; /* of a mapped range or snapshot */
	uint64_t ended;   /* the answer, if it is not the number of a snapshot */
	uint32_t text_length;
	char text[DS_PATTERN_MAX + 1]; /* the key or pattern */
};

struct call_done {
	uint64_t serial; /* of the last call done for `endpoint`; 0: none */
	endpoint_t endpoint;
	uint64_t value; /* that was answered */
};

/* A label that RS has told of; `endpoint` NONE, or no text: nothing is noted here. */
struct label_note {
	endpoint_t endpoint;
	char text[PROC_NAME_MAX];
};

#define LABEL_NOTES NR_PRIVS /* each service has a privilege set of its own */

struct calls {
	uint32_t starts;                       /* how often DS was started */
	uint32_t events_done;                  /* events.c's: the number of PM's last event that is done */
	struct label_note labels[LABEL_NOTES]; /* owners.c's: so that it need not look through all entries */
	struct call call;
	struct call_done done[ENDPOINT_SLOTS];
	uint8_t staged[DS_VALUE_MAX];
};

extern struct calls *calls;

/* Takes the kept memory, zeros at first, and decides about a call that was under way; the store is open. */
void calls_open(struct calls *memory);

/* Whether this call was done already; *value is what was answered. */
int calls_repeated(endpoint_t caller, uint64_t serial, uint64_t *value);

/* What is kept must not be written in another order than it says: a kill can come anywhere. */
static inline void calls_in_order(void)
{
	__asm__ volatile("" : : : "memory");
}

/* A new call, to be filled in; `text` of `length` is its key or pattern. */
struct call *calls_note(enum call_kind kind, endpoint_t caller, uint64_t serial, const char *text,
                        uint32_t length);

/* The same of a call about an entry; whether that exists is noted. */
struct call *calls_note_entry(enum call_kind kind, const struct store_caller *caller, uint64_t serial,
                              const struct store_key *key);

/* The same of one about a snapshot; whether that exists is noted. */
struct call *calls_note_drop(const struct store_caller *caller, uint64_t serial, const struct store_key *key,
                             uint32_t number);

/* Before and after the store does it. calls_end returns `result`, and notes `value` if that is OK. */
void calls_begin(void);
int calls_end(int result, uint64_t value);

/* The key of the call noted. */
struct store_key call_key(const struct call *call);

/* Whether the caller, of the call noted, has a subscription of just this pattern. */
int call_is_subscribed(const struct call *call);

#endif
