/* SPDX-License-Identifier: MIT */
/* Which grant and which mapping stands on what. See graph.h. */
#include <stdlib.h>
#include <granite/abi/priv.h>

#include "graph.h"
#include "reach.h"

const char *standing_words(enum standing standing)
{
	static const char *const words[] = {
#define STANDING(NAME, words) words,
	        STANDINGS(STANDING)
#undef STANDING
	};

	return words[standing];
}

/* ---- Nodes ---- */

static int compare_nodes(const void *a, const void *b)
{
	const struct node *left = a, *right = b;

	if (left->giver != right->giver)
		return left->giver < right->giver ? -1 : 1;
	if (!left->grant != !right->grant)
		return left->grant ? -1 : 1;
	if (left->grant && left->grant->id != right->grant->id)
		return left->grant->id < right->grant->id ? -1 : 1;
	if (left->grant)
		return left->grant < right->grant ? -1 : left->grant > right->grant;
	return left->mapping < right->mapping ? -1 : left->mapping > right->mapping;
}

static void add(struct graph *graph, struct node node)
{
	node.below = node.first = node.next = NO_NODE;
	node.reach.owner = NONE;
	graph->nodes[graph->count++] = node;
}

/* A mapping stands with the grants of who gave the one that it was made by. */
static endpoint_t giver_of(const struct vm_lending *mapping)
{
	const struct grant_link *link = mapping_link(mapping);

	return link ? link->endpoint : mapping->owner;
}

static void add_all(struct graph *graph, const struct found *found)
{
	for (uint32_t i = 0; i < found->nr_grants; i++)
		add(graph, (struct node){.grant = &found->grants[i].record, .giver = found->grants[i].giver});
	for (uint32_t i = 0; i < found->nr_mappings; i++) {
		const struct vm_lending *lending = &found->mappings[i].lending;

		add(graph, (struct node){.mapping = lending, .giver = giver_of(lending)});
	}
	qsort(graph->nodes, graph->count, sizeof(graph->nodes[0]), compare_nodes);
}

/* ---- Looking up ---- */

/* The first node that does not come before this giver and this id. */
static uint32_t first_from(const struct graph *graph, int64_t giver, cp_grant_id_t id)
{
	uint32_t low = 0, high = graph->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct node *node = &graph->nodes[middle];

		if (node->giver < giver || (node->giver == giver && node->grant && node->grant->id < id))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void graph_giver(const struct graph *graph, endpoint_t giver, uint32_t *first, uint32_t *end)
{
	*first = first_from(graph, giver, INT64_MIN);
	*end = first_from(graph, (int64_t)giver + 1, INT64_MIN);
}

static uint32_t find_grant(const struct graph *graph, endpoint_t giver, cp_grant_id_t id)
{
	uint32_t i = first_from(graph, giver, id);

	if (i == graph->count)
		return NO_NODE;
	const struct node *node = &graph->nodes[i];
	return node->giver == giver && node->grant && node->grant->id == id ? i : NO_NODE;
}

static uint32_t node_of(const struct graph *graph, const struct vm_lending *mapping)
{
	struct node key = {.mapping = mapping, .giver = giver_of(mapping)};
	const struct node *node =
	        bsearch(&key, graph->nodes, graph->count, sizeof(graph->nodes[0]), compare_nodes);

	return node ? (uint32_t)(node - graph->nodes) : NO_NODE;
}

/* ---- Standing ---- */

static void stand_on_grant(const struct graph *graph, struct node *node, const struct processes *all,
                           const struct grant_link *link)
{
	node->below = find_grant(graph, link->endpoint, link->id);
	if (node->below != NO_NODE) {
		if (node->grant && graph->nodes[node->below].grant->who_to != node->giver)
			node->standing = NOT_ITS;
		return;
	}
	node->standing = processes_by_endpoint(all, link->endpoint) ? ON_NOTHING : ON_NOBODY;
}

static void stand_on_mapping(const struct graph *graph, struct node *node, const struct vm_lending *mapping)
{
	if (mapping)
		node->below = node_of(graph, mapping);
}

static void judge_magic(struct node *node, const struct processes *all)
{
	const struct process *giver = processes_by_endpoint(all, node->giver);
	const struct process *owner = processes_by_endpoint(all, node->grant->who_from);

	if (giver && !(giver->kernel.priv_flags & PRIV_MAGIC))
		node->standing = NO_RIGHT;
	else if (!owner)
		node->standing = ON_NOBODY;
	else if (process_is_core(owner))
		node->standing = OF_CORE;
}

static void stand_grant(const struct graph *graph, const struct found *found, struct node *node,
                        const struct processes *all)
{
	const struct cp_grant *grant = node->grant;

	switch (grant->flags & CPF_KIND) {
	case CPF_DIRECT:
		stand_on_mapping(graph, node, found_giving(found, node->giver, grant->start, grant->bytes));
		break;
	case CPF_INDIRECT:
		stand_on_grant(graph, node, all,
		               &(struct grant_link){.endpoint = grant->who_from, .id = grant->from_id});
		break;
	case CPF_MAGIC:
		judge_magic(node, all);
		break;
	default:
		node->standing = NO_KIND;
	}
}

/* What the giver's predecessor gave, and VM has passed on with all that it kept, stands by itself. */
static void stand_mapping(const struct graph *graph, struct node *node, const struct processes *all)
{
	const struct grant_link *link = mapping_link(node->mapping);

	if (link && link->id != GRANT_INHERITED)
		stand_on_grant(graph, node, all, link);
}

static void stand(const struct graph *graph, const struct found *found, const struct processes *all)
{
	for (uint32_t i = 0; i < graph->count; i++) {
		struct node *node = &graph->nodes[i];

		if (node->grant)
			stand_grant(graph, found, node, all);
		else
			stand_mapping(graph, node, all);
		node->is_root = node->below == NO_NODE || node->standing != STANDS;
	}
}

int graph_make(struct graph *graph, const struct found *found, const struct processes *all)
{
	*graph = (struct graph){.nr_grants = found->nr_grants};
	graph->nodes = calloc((size_t)found->nr_grants + found->nr_mappings + 1, sizeof(graph->nodes[0]));
	if (!graph->nodes)
		return -1;
	add_all(graph, found);
	stand(graph, found, all);
	if (reach_measure(graph) != 0) {
		graph_free(graph);
		return -1;
	}
	return 0;
}

void graph_free(struct graph *graph)
{
	free(graph->nodes);
	*graph = (struct graph){0};
}
