/* SPDX-License-Identifier: MIT */
/*
 * Lendings: ranges of one address space, the owner's, that are mapped in another, the holder's. A lending is
 * made by a chain of grants, which it remembers: when one of them is revoked, or one of those who gave them
 * ends, so does the lending, and with it whatever was lent on from it.
 *
 *     A grants to B grants to C, who maps:    owner A, holder C; links (B, its grant), (A, its grant)
 *     A grants to B, who maps; B grants       owner A, holder B; link (A, its grant)
 *     that memory to C, who maps:             owner B, holder C; link (B, its grant); parent: the first one
 *
 * While it lasts the holder's entries have PTE_LENT and refer to the owner's frames, which the owner does not
 * share with anybody copy-on-write. When it ends by others' doing the holder keeps a snapshot: the frames are
 * shared copy-on-write from then on, or copied if they are lent to others still, at the holder's cost; or
 * nothing, where the grant says so, the holder can't pay, or a page is the device's.
 *
 * All records are paid by the holder, from its share of the pool.
 */
#ifndef VM_LEND_H
#define VM_LEND_H

#include <stdbool.h>

#include <granite/abi/grant.h>
#include <granite/abi/types.h>
#include <granite/abi/vmnotes.h>

struct space;
struct region;
struct lending;

/* A link of the chain, in the list of those that a process gave. */
struct link {
	struct grant_link grant; /* who gave which */
	struct lending *lending;
	struct link *next, **back;
};

struct lending {
	struct space *holder; /* NULL: this record is free */
	struct space *owner;
	vir_bytes start, end;         /* in the holder */
	vir_bytes source;             /* in the owner: what is at `start` */
	uint32_t pages;               /* still mapped: the holder may unmap some of them */
	struct lending *parent;       /* by which the owner has the memory itself; NULL: it is its own */
	struct lending *children;     /* those that have this one for a parent */
	struct lending *sibling;      /* the next of the parent's children, or of the owner's `lent` */
	struct lending **in_siblings; /* its place there; until it ends */
	struct lending *next, **back; /* of the holder's; or, of free records, the next */
	struct lending *next_ending;  /* lend_end.c, as what follows */
	bool ending, snapshot, looked_at;
	uint8_t flags; /* VM_LEND_* */
	uint8_t depth; /* links, with those of its parents */
	uint8_t nr_links;
	struct link link[GRANT_DEPTH_MAX]; /* the last one's giver is the owner */
};

#define LENDING_PAGES_MAX 32 /* a holder's records */
#define GIVEN_LISTS       64

struct lending_page;

/* What an address space has to do with lendings. All zeros: nothing. */
struct lendings {
	struct lending *held; /* by it */
	struct lending *lent; /* of its own memory; the others of which it is the owner are `children` */
	uint32_t nr_lent;     /* of which it is the owner */
	struct link *given[GIVEN_LISTS]; /* by it, as owner or go-between; lendings_given() */
	bool has_given;                  /* or has had any */
	struct lending *free;
	uint32_t nr_pages;
	struct lending_page *page[LENDING_PAGES_MAX];
};

/* The name of a lending, as a region's object, and back. */
uint32_t lending_object(const struct lending *lending);
struct lending *lending_of(const struct region *region);

/* The next piece of the lending's range that the holder still has, from `address` on; NULL: none. */
const struct region *lending_piece(const struct lending *lending, vir_bytes address);

/* A record for the holder, in its list; NULL: its share is used up, or the pool is. */
struct lending *lending_add(struct space *holder);

/* Makes `granter` know that the lending depends on it: the next link, from the holder's side on. */
void lending_link(struct lending *lending, struct space *granter, const struct grant_link *grant);

/* The list in which the links of this grant are, among others. */
struct link **lendings_given(struct space *granter, cp_grant_id_t grant);

/* Puts it among its parent's children, or what its owner has lent; and takes it out. */
void lending_attach(struct lending *lending);
void lending_detach(struct lending *lending);

/* Forgets the record; its pages are gone, and it has no children. */
void lending_remove(struct lending *lending);

/* Gives back the memory of the records, of which none is in use. */
void lendings_free_records(struct lendings *set);

/* ---- Ends, by others' doing ---- */

/* Of those made by this grant of the space's; of those that show others [start, end) of it. */
void lendings_revoke(struct space *granter, cp_grant_id_t grant);
void lendings_end_range(struct space *owner, vir_bytes start, vir_bytes end);

/* Of those that the space has passed on, and not given of its own memory. */
void lendings_end_passed_on(struct space *space);

/* The space has another endpoint: from now on that one gave what it gave, by no grant that can be named. */
void lendings_inherit(struct space *space);

/* ---- Ends, by the holder's own doing ---- */

/* The pages of [start, end) that it holds by lendings are unmapped. Before its regions know. */
void lendings_unmapped(struct space *holder, vir_bytes start, vir_bytes end);

/* The space will be no more: ends all that depends on it, and forgets what it holds. */
void lendings_leave(struct space *space);

#endif
