/* SPDX-License-Identifier: MIT */
/* The way to the memory's first owner. See chain.h. */
#include <stdio.h>
#include <string.h>

#include "chain.h"

static void add_link(struct chain *chain, const struct grant_link *link, int mapped)
{
	if (chain->count == CHAIN_LINKS_MAX)
		return;
	chain->step[chain->count].link = *link;
	chain->step[chain->count].mapped = mapped;
	chain->count++;
}

static void add_links(struct chain *chain, const struct vm_lending *mapping, int mapped)
{
	for (uint32_t i = 0; i < mapping->nr_links && i < GRANT_DEPTH_MAX; i++)
		add_link(chain, &mapping->link[i], mapped && i == 0);
}

/* What a node adds to the chain. Returns whether what it stands on is what a giver maps by. */
static int add_node(struct chain *chain, const struct node *node, int mapped)
{
	if (!node->grant)
		return chain->count > 0;
	add_link(chain, &(struct grant_link){.id = node->grant->id, .endpoint = node->giver}, mapped);
	return 0;
}

/* What the last node says that it stands on, though that is not there. */
static void add_missing(struct chain *chain, const struct node *node, int mapped)
{
	const struct cp_grant *grant = node->grant;

	if (!grant)
		add_links(chain, node->mapping, mapped);
	else if ((grant->flags & CPF_KIND) == CPF_INDIRECT)
		add_link(chain, &(struct grant_link){.id = grant->from_id, .endpoint = grant->who_from}, 0);
}

struct chain chain_of(const struct graph *graph, const struct node *node, uint32_t most)
{
	struct chain chain = {.count = 0};
	int mapped = add_node(&chain, node, 0);

	while (node->below != NO_NODE && chain.count < most) {
		node = &graph->nodes[node->below];
		mapped = add_node(&chain, node, mapped);
	}
	if (node->below == NO_NODE && chain.count < most)
		add_missing(&chain, node, mapped);
	return chain;
}

struct chain chain_of_mapping(const struct found *found, const struct vm_lending *mapping)
{
	struct chain chain = {.count = 0};

	for (int i = 0; mapping && i < GRANT_DEPTH_MAX; i++) {
		add_links(&chain, mapping, i > 0);
		mapping = found_giving(found, mapping->owner, mapping->source, 1);
	}
	return chain;
}

const char *chain_words(char text[CHAIN_TEXT_MAX], const struct chain *chain, uint32_t first,
                        const struct processes *all)
{
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = first; i < chain->count; i++) {
		char link[NAME_MAX_LINK];
		const char *between = chain->step[i].mapped ? ", which maps it by " : ", on ";

		length += (size_t)snprintf(text + length, CHAIN_TEXT_MAX - length, "%s%s",
		                           i > first ? between : "",
		                           name_link(link, all, &chain->step[i].link));
	}
	return text;
}
