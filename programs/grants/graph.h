/* SPDX-License-Identifier: MIT */
/*
 * Which grant stands on which, and which mapping was made by which: a tree, made of records as they were
 * found. Pure code. The tables of grants lie in memory that their owners write as they like, and are read
 * while these run: a record may say anything, the one that it names may be missing, and records may form a
 * ring. Whatever they say, each grant and each mapping is in the tree once, no branch is deeper than
 * GRAPH_LEVELS, and what a grant is worth is what the kernel would make of it (kernel/grant.c).
 *
 *     grants      a direct grant of own memory, a magic grant           a root
 *                 a direct grant of memory that is mapped by a grant    stands on that mapping
 *                 an indirect grant                                     stands on the grant that it names
 *     mappings    stand on the grant that they were made by
 */
#ifndef GRANTS_GRAPH_H
#define GRANTS_GRAPH_H

#include <granite/abi/grant.h>
#include <granite/abi/vm.h>

#include "../lib/processes.h"

/* ---- What was found ---- */

struct found_grant {
	endpoint_t giver;
	struct cp_grant record;
};

struct found_mapping {
	struct vm_lending lending;
	uint32_t age; /* less is newer, among those of one holder: VM tells them in that order */
};

struct found {
	struct found_grant *grants;
	struct found_mapping *mappings;
	uint32_t nr_grants, nr_mappings;
};

/* Sorts mappings by holder and address, and drops those told twice. */
void found_sort(struct found *found);

void found_free(struct found *found);

/* The place of the first mapping that does not come before this holder and this address. */
uint32_t found_first(const struct found *found, endpoint_t holder, uint64_t from);

/*
 * The mapping that gives the holder all of this memory, or NULL. Where there are several the newest counts:
 * mapping replaces what is there. (A holder that has unmapped some pages of it, and has put its own there, is
 * not seen through.)
 */
const struct vm_lending *found_giving(const struct found *found, endpoint_t holder, vir_bytes start,
                                      uint32_t bytes);

/* ---- The tree ---- */

/* Why a node does not stand where it says, and what that means for who would use it. */
#define STANDINGS(STANDING)                                                                   \
	STANDING(STANDS, "")                                                                  \
	STANDING(ON_NOBODY, "whoever gave it has ended")                                      \
	STANDING(ON_NOTHING, "there is no such grant (any more)")                             \
	STANDING(NOT_ITS, "that is for somebody else")                                        \
	STANDING(BEYOND, "these bytes are not in it")                                         \
	STANDING(IN_RING, "that comes back to where it began")                                \
	STANDING(TOO_LONG, "a chain has 5 grants at most")                                    \
	STANDING(TOO_FAR, "the fifth grant from the memory's owner is the last to be mapped") \
	STANDING(NO_RIGHT, "the manifest does not let it")                                    \
	STANDING(OF_CORE, "nobody else lends the memory of vm, pm or rs")                     \
	STANDING(NO_KIND, "it is no kind of grant, or several")

enum standing {
#define STANDING(NAME, words) NAME,
	STANDINGS(STANDING)
#undef STANDING
};

const char *standing_words(enum standing standing);

/* What a grant really gives: owner NONE is nothing. */
struct reach {
	endpoint_t owner;    /* whose memory, as the last direct or magic grant of its chain says */
	uint64_t start, end; /* of it */
	uint32_t access;     /* CPF_ACCESS */
};

#define NO_NODE UINT32_MAX

struct node {
	const struct cp_grant *grant;     /* NULL: it is a mapping */
	const struct vm_lending *mapping; /* NULL: it is a grant */
	endpoint_t giver;                 /* who gave the grant, or the one that the mapping was made by */
	enum standing standing;
	uint32_t below; /* what it stands on; NO_NODE: nothing that is there */
	int is_root;    /* it is drawn by itself, even if it stands on something */
	uint32_t chain; /* grants from here to the direct or magic one */
	uint32_t depth; /* grants from here to the memory's first owner */
	struct reach reach;
	uint32_t first, next; /* drawn on it; the next drawn on the same. Mappings come first */
};

/* Grants and mappings take turns at the most. */
#define GRAPH_LEVELS (2 * GRANT_DEPTH_MAX)

struct graph {
	struct node *nodes; /* sorted by giver; of one giver grants, by id, come first */
	uint32_t count, nr_grants;
};

/* Makes the tree, which refers to *found, sorted. Returns 0, or -1: no memory. */
int graph_make(struct graph *graph, const struct found *found, const struct processes *all);
void graph_free(struct graph *graph);

/* The giver's nodes are [first, end). */
void graph_giver(const struct graph *graph, endpoint_t giver, uint32_t *first, uint32_t *end);

/* The grant that a mapping was made by, or NULL. */
const struct grant_link *mapping_link(const struct vm_lending *mapping);

#endif
