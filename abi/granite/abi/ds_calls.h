/* SPDX-License-Identifier: MIT */
/*
 * Requests and replies of the data store. Memory is lent by a grant to the store for the length of the call:
 * keys, patterns and values with CPF_READ, buffers with CPF_WRITE. The store copies each once, before it
 * looks at it. Each call is done as a whole or not at all.
 *
 * A call that changes something has a serial number, by which it is known when it is repeated because the
 * store has died before it could answer: what has been done then is not done again, and answered with OK. So
 * each call of a process has its own, and repeats the last one only. Programs that follow each other by exec
 * are one process.
 *
 * Every call: EFAULT, EPERM, EDEADSRCDST also when the memory lent can't be used; EINVAL a key that is none.
 */
#ifndef GRANITE_ABI_DS_CALLS_H
#define GRANITE_ABI_DS_CALLS_H

#include <granite/abi/ds.h>
#include <granite/abi/message.h>
#include <granite/abi/types.h>

#define DS_BASE 0x800

enum ds_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/ds.def>
#undef OP
};

/* The key and type of an entry; the key is lent by `grant`. */
struct ds_key {
	cp_grant_id_t grant;
	uint32_t bytes; /* without an end */
	uint32_t type;  /* enum ds_type */
};

/*
 * EINVAL: also flags, or the type DS_TYPE_MAP; E2BIG: longer than DS_VALUE_MAX; EEXIST: it is there, and no
 * DSF_OVERWRITE; EPERM: it is another's, who keeps it to itself, or a label and not from RS; EDQUOT: beyond
 * what one owner may have; ENOSPC: no room.
 */
struct ds_publish_req {
	struct ds_key key;
	uint64_t serial;
	cp_grant_id_t grant; /* the bytes of DS_TYPE_STR, without an end, or DS_TYPE_MEM */
	uint32_t bytes;
	uint32_t number; /* of DS_TYPE_U32; DS_TYPE_LABEL: the endpoint */
	uint32_t flags;  /* DSF_* */
};
struct ds_publish_rep {
};

/* ESRCH: there is no such entry; EPERM: its owner keeps it to itself; ERANGE: `bytes` are too few: see there.
 */
struct ds_retrieve_req {
	struct ds_key key;
	cp_grant_id_t grant; /* a buffer for DS_TYPE_STR, without an end, or DS_TYPE_MEM */
	uint32_t bytes;
};
struct ds_retrieve_rep {
	uint32_t number; /* of DS_TYPE_U32, DS_TYPE_LABEL */
	uint32_t bytes;  /* the value's, after ERANGE too */
};

/* ESRCH: there is no such entry; EPERM: it is another's. */
struct ds_delete_req {
	struct ds_key key;
	uint64_t serial;
};
struct ds_delete_rep {
	cp_grant_id_t ended; /* of DS_TYPE_MAP: by which it was published; otherwise 0 */
};

/* The label of `endpoint`. ESRCH: it has none. */
struct ds_name_req {
	cp_grant_id_t grant; /* a buffer of DS_KEY_SIZE */
	endpoint_t endpoint;
};
struct ds_name_rep {
};

/*
 * EINVAL: no pattern, or flags; E2BIG: a pattern that is too long or needs too much; EEXIST: subscribed
 * already, and no DSF_OVERWRITE; EDQUOT, ENOSPC as DS_PUBLISH; ENOMEM.
 */
struct ds_subscribe_req {
	cp_grant_id_t grant;
	uint64_t serial;
	uint32_t bytes; /* without an end */
	uint32_t flags; /* DSF_* */
};
struct ds_subscribe_rep {
};

/* ESRCH: not subscribed. */
struct ds_unsubscribe_req {
	cp_grant_id_t grant;
	uint64_t serial;
	uint32_t bytes;
};
struct ds_unsubscribe_rep {
};

/*
 * The oldest change that the caller has not been told of. ENOENT: none. `seen` is the number of the one told
 * last, if any: it may be told again only if it has changed since.
 */
struct ds_check_req {
	cp_grant_id_t grant; /* a buffer of DS_KEY_SIZE */
	uint32_t seen;
};
struct ds_check_rep {
	uint32_t number;  /* never 0 */
	uint32_t type;    /* enum ds_type */
	uint32_t what;    /* DS_CREATED ... */
	endpoint_t owner; /* NONE: a service that does not run just now */
};

/* An entry, as DS_LIST tells of it. */
struct ds_entry {
	char key[DS_KEY_SIZE];
	char owner[DS_KEY_SIZE]; /* its label; "": it has none */
	endpoint_t endpoint;     /* the owner's; NONE: a service that does not run just now */
	uint32_t type, flags;    /* enum ds_type; DSF_PRIV_* */
	uint32_t number;         /* of DS_TYPE_U32, DS_TYPE_LABEL; 0 if it is kept from the caller */
	uint32_t bytes;          /* the value's, of the other types */
};

#define DS_LIST_MAX 64 /* entries at a time */

/*
 * Entries from position `from` on, which is 0 and then what `next` says, as far as the caller may know of
 * them. Entries that come or go meanwhile may be left out, others are told once. EINVAL: count is 0.
 */
struct ds_list_req {
	cp_grant_id_t grant; /* struct ds_entry[count] */
	uint32_t from, count;
};
struct ds_list_rep {
	uint32_t count; /* fewer than asked for: there may be more all the same */
	uint32_t next;  /* 0: that was all */
};

#define DSMF_WRITABLE 0x800 /* of a mapped range: may be written to by who maps it; wants to write to it */

struct ds_statistics {
	uint32_t types[DS_TYPES];                /* entries of each type */
	uint32_t owners, subscriptions, notices; /* notices: changes that somebody is yet to be told of */
	uint32_t patterns;                       /* different ones */
	uint32_t value_bytes;                    /* of keys and values, mapped ranges too */
	uint32_t bytes, bytes_free;              /* of the store's memory, in blocks of all kinds */
	uint32_t starts;                         /* how often the store was started since boot */
};

/* EINVAL: bytes is not the structure's size. */
struct ds_stats_req {
	cp_grant_id_t grant; /* struct ds_statistics */
	uint32_t bytes;
};
struct ds_stats_rep {
};

/* ---- Mapped ranges ---- */

#define DS_RANGE_MAX 0x1000000 /* bytes of one */

/*
 * Publishes memory of the caller's, lent for mapping, which the store maps at once: as long as the entry is
 * there, others get it from the store. EINVAL: also flags, not whole pages, or more than DS_RANGE_MAX; EPERM:
 * also a grant that can't be mapped, or not for writing; EFAULT: memory that is not there; EEXIST, EDQUOT,
 * ENOSPC as DS_PUBLISH; ENOMEM.
 */
struct ds_publish_map_req {
	struct ds_key key; /* DS_TYPE_MAP */
	uint64_t serial;
	cp_grant_id_t grant; /* of the range */
	uint32_t bytes;
	uint32_t flags; /* DSF_*, DSMF_WRITABLE */
};
struct ds_publish_map_rep {
	cp_grant_id_t ended; /* by which the range was published that this one replaces; 0: none */
};

/*
 * DSMF_MAP_MAPPED: `grant` of the reply gives the range, for mapping; it is good until the entry, its owner
 * or the caller ends, and asking again gives the same. DSMF_COPY_MAPPED, DSMF_COPY_SNAPSHOT: it is copied to
 * what `grant` of the request gives. ESRCH: there is no such range (any more); ENOENT: no such snapshot;
 * EPERM: its owner keeps it to itself, or from being written to; ERANGE: `bytes` are too few; EINVAL: flags,
 * or a snapshot is to be mapped; EDQUOT: the caller has too many ranges mapped already.
 */
struct ds_retrieve_map_req {
	struct ds_key key;
	cp_grant_id_t grant;
	uint32_t bytes;  /* of the caller's buffer, or where it will map */
	uint32_t number; /* of a snapshot; 0 otherwise */
	uint32_t flags;  /* DSMF_* */
};
struct ds_retrieve_map_rep {
	cp_grant_id_t grant;
	uint32_t bytes; /* the range's, after ERANGE too */
};

/*
 * Freezes what the range holds. ESRCH, EPERM as above; EDQUOT: its owner's ranges have as many snapshots as
 * they may have; ENOSPC: no room; ENOMEM.
 */
struct ds_snapshot_req {
	struct ds_key key;
	uint64_t serial;
};
struct ds_snapshot_rep {
	uint32_t number; /* never 0 */
};

/* Ends a snapshot and gives its memory back. ESRCH, ENOENT as above; EPERM: who may not overwrite the range.
 */
struct ds_drop_snapshot_req {
	struct ds_key key;
	uint64_t serial;
	uint32_t number;
};
struct ds_drop_snapshot_rep {
};

#define OP(number, NAME, name) MESSAGE_FITS(ds, name)
#include <granite/abi/ops/ds.def>
#undef OP

#endif
