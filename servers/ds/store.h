/* SPDX-License-Identifier: MIT */
/*
 * The core of the data store: entries, subscriptions and notices in a block of kept memory. It is given the
 * memory's address and size and takes nothing else from the system but a heap, so host tests run it as it is.
 *
 * Each function here is atomic: if the process is killed within it, the next store_open() of the same memory
 * makes it undone or done, and done if it had returned. README.md tells how.
 *
 * Text from others (keys, patterns) comes as address and length; every length and value is checked here, all
 * pointers must be good. What fails changes nothing.
 */
#ifndef DS_STORE_H
#define DS_STORE_H

#include <granite/abi/ds.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/types.h>

struct store; /* an open store: what is not kept, on the heap */

/* ---- Opening ---- */

/* What one owner may have. A notice is a change that it has not been told of yet. */
struct store_limits {
	uint32_t entries, bytes, subscriptions, notices; /* bytes: of keys and values */
};

struct store_config {
	uint64_t secret; /* of a new store: makes hash values unpredictable, so that keys can't be chosen to
	                    collide */
	uint32_t subscriptions;               /* of a new store: room for so many, 1 to STORE_SUBSCRIPTIONS */
	struct store_limits process, service; /* limits for an ordinary process, and for a labelled one */
	/* What comparing one key may cost (struct pattern_shape): with an owner's patterns, and with all. */
	uint32_t process_cost, service_cost, cost;
	/*
	 * Makes memory of the store present before it is touched for the first time, OK or -ENOMEM; if it
	 * `grows`, for a client's sake. NULL: it always is present.
	 */
	int (*make_present)(void *memory, uint32_t bytes, int grows);
	uint32_t reserve; /* percent of blocks, subscriptions and cost that ordinary processes can't have, to
	                     90 */
};

#define STORE_SUBSCRIPTIONS 1024
#define STORE_COST          4096       /* of all patterns together, usually */
#define STORE_BYTES_MIN     0x18000    /* of memory */
#define STORE_BYTES_MAX     0x20000000 /* of memory */

/* Fills in what suits a store of some 32 MiB; the secret is 0 and wants to be chosen. */
void store_config_default(struct store_config *config);

/*
 * Opens the store in `memory`, aligned to 64 bytes. If it is all zeros (the first 4 KiB are looked at) a new
 * store is made; otherwise what an interrupted operation has left is undone or finished. The memory may be at
 * another address than before. Owners that have notices are woken again (store_wake_next).
 * -EINVAL: neither zeros nor a store, or one that is damaged; or config can't be. -ENOTSUP: a store of
 * another version of this code. -ENOSPC: fewer or more bytes than a store can have; -ERANGE: not the size
 * that the store was made with. -ENOMEM: no heap; nothing has changed but what was left has been undone.
 */
GRANITE_MUST_CHECK int store_open(struct store **store, void *memory, uint32_t bytes,
                                  const struct store_config *config);

/* Frees the heap's part; the kept memory stays as it is. */
void store_close(struct store *store);

/* ---- Who ---- */

/* An owner: a service by its label, whatever its endpoint is just now; a process without label by its
 * endpoint. */
struct store_owner {
	char label[DS_KEY_SIZE]; /* "": has none */
	endpoint_t endpoint;     /* of a service: where the label points to, NONE if nowhere */
};

struct store_caller {
	struct store_owner owner;
	int is_rs;
	uint64_t serial; /* of the call, if it is kept that it was done: see store_is_done; otherwise 0 */
	uint64_t answer; /* that is kept with it; store_snapshot keeps the snapshot's number instead */
};

/*
 * A function that changes something keeps the caller's serial, and its answer, at the same stroke; one that
 * fails keeps nothing. Says whether the last call of `endpoint` that was kept so is this one, and what its
 * answer was. Of serial 0 nothing is kept.
 */
int store_is_done(const struct store *store, endpoint_t endpoint, uint64_t serial, uint64_t *answer);

/* Who the endpoint is: by the label that points to it, if one does. */
void store_owner_of(const struct store *store, endpoint_t endpoint, struct store_owner *owner);

/* ---- What is unfinished ---- */

/*
 * DSF_INITIAL, the end of a subscription and a death take as long as there are entries or notices. Their
 * functions only make them certain; the rest is done here, in parts of some STORE_WORK units of work (at most
 * what one publish adds), 512 instructions or so. Returns whether there is more: so it is called between
 * other things, until it returns 0. A successor goes on where its predecessor has been.
 *
 * Meanwhile all is as if it were done: of one who is dead nothing is found any more; what is told of a key
 * comes in order. Of different keys it may come in another order than it has happened.
 */
int store_go_on(struct store *store, uint32_t work);

#define STORE_WORK 4096

int store_is_unfinished(const struct store *store); /* whether anything is */

/* A count of the work that everything has taken so far, in these units; it begins anew with each part. */
uint32_t store_work(const struct store *store);

/*
 * Whether something of this owner is unfinished. It waits for that with all that it asks (of the functions
 * here those that a caller or owner is given): so it never sees what is half done.
 */
int store_must_wait(const struct store *store, const struct store_owner *owner);

/* ---- Entries ---- */

struct store_key {
	const char *text; /* needs no end */
	uint32_t length;
	uint32_t type; /* enum ds_type */
};

struct store_value {
	const void *bytes; /* of a string (without an end) or memory range */
	uint32_t length;
	uint32_t number; /* of DS_TYPE_U32 */
};

/* A mapped range or a snapshot of one: where DS has it. The core looks at nothing but `number`. */
struct store_map {
	uint32_t number; /* 0: the live range; otherwise the snapshot, counted from 1 for each range published
	                  */
	uint32_t address, length, rights;
	uint32_t server[4]; /* the server's own, say the grant and region behind it */
};

struct store_entry {
	char key[DS_KEY_SIZE];
	uint32_t type, flags; /* DSF_PRIV_* */
	uint32_t number;      /* of DS_TYPE_U32; of DS_TYPE_LABEL the endpoint */
	uint32_t length;      /* bytes of a string, memory range or mapped range */
	struct store_owner owner;
};

/*
 * Publishes a number, string or memory range. An entry that is overwritten keeps its owner, who is charged;
 * its flags are replaced only if the caller is the owner. -EINVAL: key, type or flags can't be; -E2BIG:
 * longer than DS_VALUE_MAX. -EEXIST: there is one, and no DSF_OVERWRITE. -EPERM: it is another's, who keeps
 * it to itself. -EDQUOT: beyond the owner's limit; -ENOSPC: no room.
 */
GRANITE_MUST_CHECK int store_publish(struct store *store, const struct store_caller *caller,
                                     const struct store_key *key, const struct store_value *value,
                                     uint32_t flags);

/*
 * Publishes a mapped range. Only the owner may overwrite one: the old range and its snapshots end
 * (store_release_next). Errors as store_publish; -EINVAL: `number` is not 0.
 */
GRANITE_MUST_CHECK int store_publish_map(struct store *store, const struct store_caller *caller,
                                         const struct store_key *key, const struct store_map *map,
                                         uint32_t flags);

/*
 * Names an endpoint; if it has this name already nothing changes. Notices of the service wait for the new
 * endpoint, which is woken. -EPERM: not RS. -EEXIST: the label is there and no DSF_OVERWRITE, or the endpoint
 * has another label. -EINVAL: also a negative endpoint.
 */
GRANITE_MUST_CHECK int store_publish_label(struct store *store, const struct store_caller *caller,
                                           const struct store_key *key, endpoint_t endpoint, uint32_t flags);

/*
 * Fills in *entry and copies up to `size` bytes of a string's or memory range's value (without an end) to
 * `buffer`; entry->length is the whole length. -ESRCH: no such entry. -EPERM: the owner keeps it to itself.
 * -EINVAL.
 */
GRANITE_MUST_CHECK int store_retrieve(const struct store *store, const struct store_caller *caller,
                                      const struct store_key *key, void *buffer, uint32_t size,
                                      struct store_entry *entry);

/* The mapped range (number 0) or a snapshot of it. As store_retrieve; -ENOENT: no such snapshot. */
GRANITE_MUST_CHECK int store_retrieve_map(const struct store *store, const struct store_caller *caller,
                                          const struct store_key *key, uint32_t number,
                                          struct store_map *map);

/* -ESRCH; -EPERM: not the owner (of a label: not RS); -EINVAL. */
GRANITE_MUST_CHECK int store_delete(struct store *store, const struct store_caller *caller,
                                    const struct store_key *key);

/* The label that points to this endpoint. -ESRCH. */
GRANITE_MUST_CHECK int store_label_name(const struct store *store, endpoint_t endpoint,
                                        char label[DS_KEY_SIZE]);

/* ---- Mapped ranges ---- */

/*
 * Says whether store_snapshot would keep a snapshot now, before its memory is made. -ESRCH, -EPERM, -EINVAL
 * as store_retrieve; -ENOSPC.
 */
GRANITE_MUST_CHECK int store_may_snapshot(struct store *store, const struct store_caller *caller,
                                          const struct store_key *key);

/* Keeps a snapshot; *number is its number, map->number is not looked at. Errors as store_may_snapshot. */
GRANITE_MUST_CHECK int store_snapshot(struct store *store, const struct store_caller *caller,
                                      const struct store_key *key, const struct store_map *map,
                                      uint32_t *number);

/*
 * Ends a snapshot (store_release_next); the others keep their numbers, and its own is not given again.
 * -ESRCH, -EINVAL as store_retrieve; -EPERM: who may not overwrite the range; -ENOENT: no such snapshot.
 */
GRANITE_MUST_CHECK int store_drop_snapshot(struct store *store, const struct store_caller *caller,
                                           const struct store_key *key, uint32_t number);

/*
 * Ranges and snapshots that have ended (deleted, overwritten, owner dead) wait here until the server has
 * unmapped them: the oldest of them. It comes again until store_released(). -ENOENT: none.
 */
GRANITE_MUST_CHECK int store_release_next(const struct store *store, struct store_map *map);
void store_released(struct store *store); /* forgets the one that store_release_next shows, if there is one */

/*
 * All ranges and snapshots that have not ended, each range after its snapshots; *position begins with 0. The
 * range that was shown last may be ended before the next is asked for. `entry`, if not NULL, is whose it is.
 * -ENOENT: no more. What it costs depends on how many there are, and not on other entries.
 */
GRANITE_MUST_CHECK int store_map_next(const struct store *store, uint64_t *position, struct store_map *map,
                                      struct store_entry *entry);

/* ---- Subscriptions ---- */

/*
 * Subscribes to the keys that the POSIX extended regular expression matches as a whole, whatever it says of
 * anchors. -EINVAL: not a regular expression, or one whose meaning POSIX leaves open (back-references,
 * `a**`); or flags. -E2BIG: longer than DS_PATTERN_MAX, or it would need too much time or memory (README.md
 * has the bounds). -EEXIST: the owner has it already, and no DSF_OVERWRITE. -EDQUOT, -ENOSPC; -ENOMEM: no
 * heap.
 */
GRANITE_MUST_CHECK int store_subscribe(struct store *store, const struct store_caller *caller,
                                       const char *pattern, uint32_t length, uint32_t flags);

/* How many bytes of the heap subscribing to it may take, before it is done: 0 if none, or if it can't be. */
uint32_t store_subscribe_memory(const struct store *store, const char *pattern, uint32_t length);

/* Ends it; what no other subscription of the owner matches is not told any more. -ESRCH; -EINVAL: length. */
GRANITE_MUST_CHECK int store_unsubscribe(struct store *store, const struct store_caller *caller,
                                         const char *pattern, uint32_t length);

struct store_change {
	char key[DS_KEY_SIZE];
	uint32_t type;
	uint32_t what;            /* DS_CREATED ... */
	uint32_t serial;          /* of this notice, as it is now; never 0 */
	struct store_owner owner; /* of the entry, also if it is gone */
};

/*
 * The oldest change that the caller has not been told of. It comes again until store_change_seen(): so one
 * whose answer was lost with DS can be asked for once more. The key's next change counts anew once it has
 * been seen. -ENOENT: none.
 */
GRANITE_MUST_CHECK int store_change_next(const struct store *store, const struct store_caller *caller,
                                         struct store_change *change);

/*
 * The caller has been told of the change with this serial. Nothing happens if store_change_next would not
 * show it just so any more: the key may have changed again meanwhile, which is told again under another
 * serial.
 */
void store_change_seen(struct store *store, const struct store_caller *caller, uint32_t serial);

/*
 * Whom to notify that there are changes: each endpoint once, and again when there are new ones. Call it after
 * every function that changes something, until -ENOENT. A service whose label is not published is left out;
 * it is woken when the label is.
 */
GRANITE_MUST_CHECK int store_wake_next(struct store *store, endpoint_t *endpoint);

/* ---- Death ---- */

/*
 * The owner has died. Its mapped ranges end. Of a process without a label all entries and subscriptions go;
 * those of a service stay, for its successor. Subscribers are told of each entry.
 */
void store_owner_died(struct store *store, const struct store_owner *owner);

/* The service will have no successor: what it owns goes, as that of an ordinary process. Its label is RS's to
 * delete. */
void store_owner_ended(struct store *store, const struct store_owner *owner);

/* ---- Looking ---- */

/*
 * The entry at this position of a list of all. Positions go from 0 without gaps; when an entry is deleted
 * another takes its place. -ESRCH: beyond the end; -EPERM: DSF_PRIV_SUBSCRIBE, and not the caller's; or gone
 * with its owner, though not yet ended.
 * Of an entry with DSF_PRIV_RETRIEVE number is 0 for others.
 */
GRANITE_MUST_CHECK int store_list(const struct store *store, const struct store_caller *caller,
                                  uint32_t position, struct store_entry *entry);

/* The patterns, in no particular order. -ESRCH: beyond the end. The pattern gets an end. */
GRANITE_MUST_CHECK int store_list_subscription(const struct store *store, uint32_t position,
                                               char pattern[DS_PATTERN_MAX + 1], struct store_owner *owner);

struct store_account {
	struct store_owner owner;
	struct store_limits used;
};

/* The owner at this position. -ESRCH: beyond the end. */
GRANITE_MUST_CHECK int store_list_owner(const struct store *store, uint32_t position,
                                        struct store_account *account);

/*
 * Owners of whom something is to be done when they die, in parts that are about equal: up to `most` of the
 * first part from *part on in which there are any, which *part becomes; STORE_OWNER_PARTS if there is none.
 * Returns how many there are in it.
 */
#define STORE_OWNER_PARTS 0x20000 /* more than there are */

uint32_t store_list_owners(const struct store *store, uint32_t *part, struct store_owner *owners,
                           uint32_t most);

struct store_statistics {
	struct store_limits used;         /* by all owners together */
	uint32_t owners, types[DS_TYPES]; /* entries of each type */
	uint32_t blocks, blocks_free;     /* of STORE_BLOCK_BYTES */
	uint32_t releases;                /* mapped ranges and snapshots that wait for store_released */
	uint32_t patterns;                /* different ones */
};

#define STORE_BLOCK_BYTES 64

void store_statistics(const struct store *store, struct store_statistics *statistics);

/* ---- For tests ---- */

/* Looks whether every invariant of the store holds: NULL, or what does not. Linear in the size of the store.
 */
const char *store_check(const struct store *store);

#endif
