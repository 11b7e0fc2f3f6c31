/* SPDX-License-Identifier: MIT */
/* The way from a grant or a mapping to the memory's first owner, in words. Pure code. */
#ifndef GRANTS_CHAIN_H
#define GRANTS_CHAIN_H

#include "graph.h"
#include "names.h"

#define CHAIN_LINKS_MAX GRAPH_LEVELS /* of more the rest is left out */

struct chain {
	struct {
		struct grant_link link;
		int mapped; /* the giver of the link before has the memory mapped by this one */
	} step[CHAIN_LINKS_MAX];
	uint32_t count;
};

/* By which grants a mapping was made, and by which its owner has mapped that memory itself, if it has. */
struct chain chain_of_mapping(const struct found *found, const struct vm_lending *mapping);

/* From a node on, `most` links of it at most, for it may be a ring; with a grant that is named and not there.
 */
struct chain chain_of(const struct graph *graph, const struct node *node, uint32_t most);

#define CHAIN_TEXT_MAX (CHAIN_LINKS_MAX * (NAME_MAX_LINK + 20))

/* `#3.17 of sh (4), on #2.5 of rs (1), which maps it by #1.1 of disk (7)`, from the link `first` on. */
const char *chain_words(char text[CHAIN_TEXT_MAX], const struct chain *chain, uint32_t first,
                        const struct processes *all);

#endif
