/* SPDX-License-Identifier: MIT */
/* The data store: what its entries are, and what publishing and subscribing can ask for. */
#ifndef GRANITE_ABI_DS_H
#define GRANITE_ABI_DS_H

#include <granite/abi/types.h>

/* ---- Entries ---- */

/* An entry is known by its key and its type: the same key may stand for one entry of each type. */
enum ds_type {
	DS_TYPE_U32 = 1,   /* a number */
	DS_TYPE_STR = 2,   /* a string, kept without its end */
	DS_TYPE_MEM = 3,   /* bytes, copied */
	DS_TYPE_MAP = 4,   /* a mapped range: the publisher's live memory */
	DS_TYPE_LABEL = 5, /* a service's name; the value is its endpoint */
};

#define DS_TYPES       6 /* one more than the last */

#define DS_KEY_MAX     79     /* bytes of a key, without an end; at least 1, and none of them 0 */
#define DS_KEY_SIZE    80     /* of a buffer for a key, with its end */
#define DS_VALUE_MAX   262144 /* bytes of a string, without its end, or of DS_TYPE_MEM */
#define DS_PATTERN_MAX 255    /* bytes of a regular expression, without its end */

/* ---- Flags of publishing and subscribing ---- */

#define DSF_OVERWRITE      0x01 /* what is there already is replaced; for subscribing: its flags are */
#define DSF_INITIAL        0x02 /* subscribing: what exists already counts as created */
#define DSF_PRIV_RETRIEVE  0x04 /* publishing: only the owner may retrieve, */
#define DSF_PRIV_OVERWRITE 0x08 /* overwrite, */
#define DSF_PRIV_SNAPSHOT  0x10 /* take snapshots (of a mapped range), */
#define DSF_PRIV_SUBSCRIBE 0x20 /* or is told of changes and finds it in the list */

#define DSF_PRIV           (DSF_PRIV_RETRIEVE | DSF_PRIV_OVERWRITE | DSF_PRIV_SNAPSHOT | DSF_PRIV_SUBSCRIBE)
#define DSF_PUBLISH        (DSF_OVERWRITE | DSF_PRIV)
#define DSF_SUBSCRIBE      (DSF_OVERWRITE | DSF_INITIAL)

/* ---- Flags of retrieving a mapped range: one of them ---- */

#define DSMF_MAP_MAPPED    0x100 /* map the live range */
#define DSMF_COPY_MAPPED   0x200 /* copy the live range */
#define DSMF_COPY_SNAPSHOT 0x400 /* copy a snapshot */

/* ---- What a subscriber is told of a key ---- */

/* At most one of the first three, whichever happened last; a change of what is new leaves it created. */
#define DS_CREATED    0x1
#define DS_CHANGED    0x2
#define DS_DELETED    0x4
#define DS_OWNER_DIED 0x8 /* the owner has died meanwhile, whatever else happened */
#define DS_LOST       0x10 /* alone and without a key: more has changed than could be kept, look at all again */

#endif
