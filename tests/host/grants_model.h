/* SPDX-License-Identifier: MIT */
/*
 * What processes that lend each other memory must see, as simple as can be: of each page its rights and the
 * words in it. Pages that live together, because one was lent to the other, are the same words; that copies
 * are made late is nothing the model knows of.
 */
#ifndef TESTS_GRANTS_MODEL_H
#define TESTS_GRANTS_MODEL_H

#include <stdbool.h>

#include <granite/abi/grant.h>

#include "page_words.h"

#define PEOPLE       6
#define GRANTS       24 /* that one gives at a time */
#define WINDOW_PAGES 64 /* where everything happens, half of it on either side of a page table's end */
#define TEXT_PAGES   4
#define DATA_PAGES   4
#define TABLE_PAGE   (WINDOW_PAGES + TEXT_PAGES + DATA_PAGES) /* of its grants */
#define KEPT_FIRST   (TABLE_PAGE + 1) /* of what services keep, half of it on either side of a table's end */
#define KEPT_PAGES   32
#define PAGES        (KEPT_FIRST + KEPT_PAGES)
#define LEFT         4 /* services that have died and left something */

/* The words of one page, or of several that live together. */
struct cell {
	uint32_t *word; /* PAGE_WORDS, its own for ever */
	uint32_t users; /* 0: free */
	bool touched;   /* in this step */
};

struct page {
	bool mapped, named; /* named: kept */
	bool touched;       /* in this step */
	uint8_t prot;
	struct cell *cell;
	struct lent *lent; /* by what it has it, or NULL */
};

/* A range that one has mapped of another's. */
struct lent {
	uint32_t pages; /* 0: this is none */
	uint32_t left;  /* the holder's still */
	struct person *holder, *owner;
	uint32_t start, source; /* first pages */
	bool write, unmap;
	struct lent *parent; /* by what the owner has it */
	uint32_t nr_links;
	struct grant_link link[GRANT_DEPTH_MAX];
	bool ends;
};

struct person {
	endpoint_t endpoint; /* NONE: nobody */
	endpoint_t heir;     /* who has died: whose is what it has left */
	bool service;        /* may keep memory */
	uint64_t sequence;   /* the next for a grant's id */
	struct page page[PAGES];
	struct cp_grant grant[GRANTS]; /* what stands in its table, if its id is not 0 */
};

extern struct person people[PEOPLE], left[LEFT]; /* the living; the dead that have left something */

/*
 * What the test is to give the model: what to do when something is not as it should be; whether a process has
 * a page, whatever its rights are; and what is in it, if that can be told while VM is at work (NULL: it
 * can't, or the page is not there).
 */
__attribute__((noreturn, format(printf, 1, 2))) void model_wrong(const char *format, ...);
bool model_present(endpoint_t endpoint, vir_bytes address);
const uint32_t *model_contents(endpoint_t endpoint, vir_bytes address);

void model_start(void);

vir_bytes page_address(uint32_t page);
uint32_t page_at(vir_bytes address); /* PAGES: none that is known */
struct person *person_of(endpoint_t endpoint);
bool may(const struct page *page, bool write);
uint32_t *model_word(struct person *p, vir_bytes address); /* to be read or written to: it is touched */
void model_copy(struct person *to, vir_bytes to_address, struct person *from, vir_bytes from_address,
                uint32_t bytes); /* whole words, within a page on either side */

/* ---- What happens ---- */

void model_map(struct person *p, uint32_t first, uint32_t pages, uint32_t prot);
void model_unmap(struct person *p, uint32_t first, uint32_t pages);
void model_fork(struct person *parent, struct person *child);
/* These two: how many lendings have ended. */
uint32_t model_revoke(struct person *granter, cp_grant_id_t id);
uint32_t model_revoke_page(struct person *owner, uint32_t page);
void model_unlend(struct person *holder, struct lent *lent);
/* Its memory is gone, and all that it gave or had. */
void model_leave(struct person *p);
/* The same, but for what it has kept, which becomes `to`'s; and from there another's. */
void model_leave_kept(struct person *p, struct person *to);
void model_inherit(struct person *heir, struct person *from, endpoint_t left_by);

/* Writes that came while VM was about something: its outcome may be of before or after them. So many are kept
 * in mind. */
bool model_writes_left(void);
void model_write_meanwhile(struct person *p, vir_bytes address, uint32_t value);
bool model_was_written(const struct cell *cell, uint32_t word, uint32_t value);

/* VM begins something: with so many frames at hand, of which so many may be used for other things than
 * snapshots. */
void model_vm_begins(uint32_t frames, uint32_t other_needs);

/* ---- Judging ---- */

struct wish {
	endpoint_t caller, granter;
	cp_grant_id_t id;
	uint32_t offset, bytes, rights;
};

struct verdict {
	struct person *owner;
	vir_bytes address;
	uint32_t flags; /* CPF_UNMAP, CPF_TRY */
	uint32_t nr_links;
	struct grant_link link[GRANT_DEPTH_MAX];
};

/* OK or a negative errno. */
int model_judge(const struct wish *wish, struct verdict *verdict);

/* Whether what was judged may be mapped, and then that it is. */
int model_may_lend(const struct person *holder, const struct verdict *verdict, uint32_t pages, bool write);
void model_lend(struct person *holder, const struct verdict *verdict, uint32_t page, uint32_t pages,
                bool write);

/* How deep a lending is: the grants from the memory's first owner on. */
uint32_t model_depth(const struct lent *lent);

/* ---- What a step touches ---- */

/*
 * What has changed in the model is touched, and so is every page that lives together with one whose words
 * were read or written, or that was lent or ceased to be. To that comes what a call has named that changed
 * nothing.
 */
void model_touch(struct person *p, uint32_t first, uint32_t pages);
void model_touch_bytes(struct person *p, vir_bytes address, uint32_t bytes);

/* Looks at all that was touched since the last time, of the living and the dead. */
void model_each_touched(void (*look)(struct person *p, uint32_t page));

/* A number for all that everybody has, other than endpoints. */
uint64_t model_state(void);

#endif
