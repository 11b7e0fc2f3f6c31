/* SPDX-License-Identifier: MIT */
/*
 * The data store: named values that outlive their publishers, and news of their changes. docs/ds.md is for
 * users, with examples; <granite/abi/ds.h> has flags and limits.
 *
 * All functions return OK or a negative errno. Every one:
 *   EINVAL       a key that is empty, longer than DS_KEY_MAX or null; unknown flags
 *   ECALLDENIED  the caller's privileges do not let it call the data store
 *   ENODEV       there is no data store, and none will be started
 *   EAGAIN, EDEADSRCDST  see ds_set_retry
 *   EFAULT       a buffer is not the caller's to be used so
 *   EIO          the data store's answer makes no sense
 *
 * If the data store dies under a call the function waits until it is back, and calls again: what was done by
 * then is not done twice. So none of this may be called in a signal handler.
 */
#ifndef GRANITE_DS_H
#define GRANITE_DS_H

#include <stddef.h>
#include <granite/abi/ds_calls.h>
#include <granite/call.h>

#define OP(number, NAME, name) CALL_ANY(ds, name, NAME)
#include <granite/abi/ops/ds.def>
#undef OP

/* ---- Publishing ---- */

/*
 * Each makes an entry of its type, or with DSF_OVERWRITE changes the one that is there. It belongs to its
 * first publisher until that deletes it or dies; a service's entries wait for its next process. DSF_PRIV_*
 * keep it from others. EEXIST: there is one, and no DSF_OVERWRITE; EPERM: its owner keeps it from being
 * overwritten; E2BIG: longer than DS_VALUE_MAX; EDQUOT: the owner has as much as it may have; ENOSPC: the
 * store is full.
 */
GRANITE_MUST_CHECK int ds_publish_u32(const char *key, uint32_t value, int flags);
GRANITE_MUST_CHECK int ds_publish_str(const char *key, const char *value, int flags);
GRANITE_MUST_CHECK int ds_publish_mem(const char *key, const void *value, size_t length, int flags);

/* Names an endpoint; two can't have one name, nor one two names (EEXIST). EPERM: the caller is not RS. */
GRANITE_MUST_CHECK int ds_publish_label(const char *key, endpoint_t endpoint, int flags);

/* ESRCH: there is no such entry; EPERM: it is another's. */
GRANITE_MUST_CHECK int ds_delete_u32(const char *key);
GRANITE_MUST_CHECK int ds_delete_str(const char *key);
GRANITE_MUST_CHECK int ds_delete_mem(const char *key);
GRANITE_MUST_CHECK int ds_delete_map(const char *key);
GRANITE_MUST_CHECK int ds_delete_label(const char *key);

/* ---- Retrieving ---- */

/* ESRCH: there is no such entry; EPERM: its owner keeps it to itself. */
GRANITE_MUST_CHECK int ds_retrieve_u32(const char *key, uint32_t *value);

/* `size` is the buffer's. ERANGE: the string and its end don't fit; nothing is stored. Others as above. */
GRANITE_MUST_CHECK int ds_retrieve_str(const char *key, char *value, size_t size);

/* *length is the buffer's size, and then the value's. ERANGE: it does not fit; nothing is stored. */
GRANITE_MUST_CHECK int ds_retrieve_mem(const char *key, void *value, size_t *length);

/* The label that names `endpoint`, in a buffer of DS_KEY_SIZE; or whom a label names. ESRCH. */
GRANITE_MUST_CHECK int ds_retrieve_label_name(char *key, endpoint_t endpoint);
GRANITE_MUST_CHECK int ds_retrieve_label_num(const char *key, endpoint_t *endpoint);

/* ---- Mapped ranges ---- */

/*
 * Publishes memory of the caller's, whole pages: others map it and see what it holds now, whatever is written
 * to it. With DSMF_WRITABLE they may write to it too. The range ends when the entry is deleted or
 * overwritten, or the caller dies or calls exec; munmap, or revoking the grant, takes it back as well. Who
 * had it mapped keeps a private snapshot of what it last saw. EINVAL: also not whole pages, or more than
 * DS_RANGE_MAX bytes; EPERM: also another's entry, which only its owner overwrites; ENOMEM. Others as
 * ds_publish_u32.
 */
GRANITE_MUST_CHECK int ds_publish_map(const char *key, void *range, size_t bytes, int flags);

/*
 * Freezes what the range holds now; *nr_snapshot, never 0, is its number. It lasts as long as the entry, or
 * until it is dropped. ESRCH: there is no such range (any more); EPERM: its owner keeps it to itself; EDQUOT:
 * its owner's ranges have as many as they may have, of which a quarter is for the owner to take; ENOSPC,
 * ENOMEM.
 */
GRANITE_MUST_CHECK int ds_snapshot_map(const char *key, int *nr_snapshot);

/*
 * Drops a snapshot; its memory is free at once. Numbers of others stay as they are. ESRCH; ENOENT: no such
 * snapshot; EPERM: the caller may not overwrite the range.
 */
GRANITE_MUST_CHECK int ds_drop_snapshot(const char *key, int nr_snapshot);

/*
 * One of: DSMF_MAP_MAPPED, maps the range at `address`, a page's: whatever is there is gone, as with
 * sys_safemap; with DSMF_WRITABLE for writing too, if it was published so (EPERM). sys_safeunmap or munmap
 * ends it. DSMF_COPY_MAPPED: copies it. DSMF_COPY_SNAPSHOT: copies the snapshot nr_snapshot, which is 0
 * otherwise. *length is how much room there is, and then the range's length. ESRCH: no such range (any more);
 * ENOENT: no such snapshot; EPERM; ERANGE: it does not fit, and nothing was done; EDQUOT: the caller has 128
 * ranges mapped; ENOMEM.
 */
GRANITE_MUST_CHECK int ds_retrieve_map(const char *key, void *address, size_t *length, int nr_snapshot,
                                       int flags);

/* ---- News ---- */

/*
 * Subscribes to all keys, of every type, that the POSIX extended regular expression matches as a whole. When
 * such an entry is created, changed or deleted, or its owner dies, the caller is notified
 * (ds_is_notification) and asks by ds_check what it was; with DSF_INITIAL at once of all that is there.
 * EINVAL: no regular expression, or one that POSIX leaves undefined; E2BIG: it is longer than DS_PATTERN_MAX
 * or would need too much; EEXIST: subscribed already, and no DSF_OVERWRITE; EDQUOT, ENOSPC as above, also for
 * what comparing keys with the owner's patterns, or with those of all, costs (docs/ds.md); ENOMEM.
 */
GRANITE_MUST_CHECK int ds_subscribe(const char *regex, int flags);

/* ESRCH: not subscribed. */
GRANITE_MUST_CHECK int ds_unsubscribe(const char *regex);

/* What has happened to an entry since it was last asked. */
struct ds_change {
	char key[DS_KEY_SIZE];
	uint32_t type;    /* enum ds_type */
	uint32_t what;    /* DS_CREATED, DS_CHANGED or DS_DELETED, and perhaps DS_OWNER_DIED; or DS_LOST */
	endpoint_t owner; /* NONE: a service that does not run just now */
};

/*
 * The next entry that has changed; each is named once, whatever has happened to it, until it changes again.
 * So after a notification ask until ENOENT: there is no more. If `what` is DS_LOST, there is no key: too much
 * has changed to be kept; look at all that matters.
 */
GRANITE_MUST_CHECK int ds_check_change(struct ds_change *change);

/* The same; `key` has DS_KEY_SIZE bytes. `type` and `owner` may be null. After DS_LOST the key is "". */
GRANITE_MUST_CHECK int ds_check(char *key, int *type, endpoint_t *owner);

/*
 * Whether a message that ipc_receive gave is the data store's notification. It may come from another endpoint
 * than before: of a data store that was started anew.
 */
int ds_is_notification(const struct message *m);

/* ---- Looking ---- */

/*
 * Copies up to `count` (at most DS_LIST_MAX at a time) entries that the caller may know of. *from is 0 at
 * first; as long as it is not 0 afterwards there is more to ask for. Returns how many were stored. Entries
 * that come or go meanwhile may be missing.
 */
GRANITE_MUST_CHECK int ds_list(uint32_t *from, struct ds_entry *entries, uint32_t count);

GRANITE_MUST_CHECK int ds_stats(struct ds_statistics *statistics);

/* ---- When the data store dies ---- */

/*
 * With `wanted` 0 a call is not repeated any more: EDEADSRCDST, the data store has died under it, which may
 * have done it or not; EAGAIN, there is none just now, and nothing was done. 1, as at first: calls wait.
 */
void ds_set_retry(int wanted);

#endif
