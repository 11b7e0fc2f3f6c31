/* SPDX-License-Identifier: MIT */
/* What each grant is worth. See reach.h. */
#include <stdlib.h>
#include <granite/abi/layout.h>

#include "reach.h"

#define ADDRESS_END 0x100000000ull

static struct node *below(const struct graph *graph, const struct node *node)
{
	return node->below == NO_NODE ? NULL : &graph->nodes[node->below];
}

/* ---- One node, when the one below is known ---- */

static int is_aligned(const struct cp_grant *grant)
{
	return grant->start % PAGE_SIZE == 0 && (grant->bytes % PAGE_SIZE == 0 || grant->bytes == GRANT_ALL);
}

/* What the record gives to who may map: the right to map is no right at all where the kernel refuses it. */
static uint32_t access_of(const struct cp_grant *grant)
{
	uint32_t access = grant->flags & CPF_ACCESS;

	if (!(access & CPF_READ) || !is_aligned(grant) || grant->who_to == ANY || grant->flags & CPF_MAGIC)
		access &= ~(uint32_t)CPF_MAP;
	return access;
}

/* Rights become fewer from grant to grant, and what is said of their use stays said. */
static uint32_t narrowed(uint32_t access, const struct cp_grant *grant)
{
	uint32_t rights = access & access_of(grant) & CPF_RIGHTS;

	return rights | ((access | grant->flags) & (CPF_UNMAP | CPF_TRY));
}

static struct reach reach_of_memory(endpoint_t owner, const struct cp_grant *grant)
{
	struct reach reach = {.owner = owner, .start = grant->start, .access = access_of(grant)};

	reach.end = reach.start + grant->bytes;
	if (reach.end > ADDRESS_END)
		reach.end = ADDRESS_END;
	return reach;
}

static struct reach reach_of_mapped(const struct node *node, const struct vm_lending *mapping)
{
	struct reach reach = reach_of_memory(node->giver, node->grant);

	if (!(mapping->flags & VM_LEND_WRITE))
		reach.access &= ~(uint32_t)CPF_WRITE;
	if (mapping->flags & VM_LEND_UNMAP)
		reach.access |= CPF_UNMAP;
	return reach;
}

static struct reach reach_of_part(struct node *node, const struct reach *whole)
{
	struct reach reach = *whole;
	const struct cp_grant *grant = node->grant;

	if (whole->owner == NONE)
		return reach;
	reach.start += grant->start;
	if (reach.start > whole->end || (reach.start == whole->end && grant->bytes)) {
		node->standing = BEYOND;
		return (struct reach){.owner = NONE};
	}
	if (grant->bytes < reach.end - reach.start)
		reach.end = reach.start + grant->bytes;
	reach.access = narrowed(whole->access, grant);
	return reach;
}

static struct reach reach_of(struct node *node, const struct node *below)
{
	static const struct reach nothing = {.owner = NONE};

	if (!node->grant || node->standing == NO_KIND || node->standing == NO_RIGHT)
		return nothing;
	if (node->grant->flags & CPF_MAGIC)
		return node->standing == STANDS ? reach_of_memory(node->grant->who_from, node->grant)
		                                : nothing;
	if (node->grant->flags & CPF_DIRECT)
		return below ? reach_of_mapped(node, below->mapping)
		             : reach_of_memory(node->giver, node->grant);
	return below && node->standing == STANDS ? reach_of_part(node, &below->reach) : nothing;
}

static void measure_grant(struct node *node, const struct node *below)
{
	node->chain = below && below->grant ? below->chain + 1 : 1;
	node->depth = below ? below->depth + 1 : 1;
	if (node->chain > GRANT_DEPTH_MAX)
		node->standing = TOO_LONG;
	node->reach = reach_of(node, below);
	if (node->depth <= GRANT_DEPTH_MAX)
		return;
	node->is_root = 1;
	node->reach.access &= ~(uint32_t)CPF_MAP;
	if (node->standing == STANDS)
		node->standing = TOO_FAR;
}

static void measure(struct graph *graph, struct node *node)
{
	const struct node *under = node->standing == IN_RING ? NULL : below(graph, node);

	if (node->grant)
		measure_grant(node, under);
	else
		node->depth = under ? under->depth : node->mapping->nr_links;
}

/* ---- All of them ---- */

/* Enters each node with what it is drawn on. From the last on, and mappings after grants: so they stand in
 * order, and mappings first. */
static void hang(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->count; i++)
		graph->nodes[i].first = graph->nodes[i].next = NO_NODE;
	for (int mappings = 0; mappings <= 1; mappings++)
		for (uint32_t i = graph->count; i-- > 0;) {
			struct node *node = &graph->nodes[i];

			if (node->is_root || (node->mapping != NULL) != mappings)
				continue;
			node->next = below(graph, node)->first;
			below(graph, node)->first = i;
		}
}

/* Whoever is not reached from a root is in a ring, or stands on one. */
static void break_rings(struct graph *graph, const uint8_t *reached)
{
	for (uint32_t i = 0; i < graph->count; i++) {
		if (reached[i])
			continue;
		graph->nodes[i].standing = IN_RING;
		graph->nodes[i].is_root = 1;
		measure(graph, &graph->nodes[i]);
	}
}

/* Each before those that stand on it: *order is a queue. */
static void go_through(struct graph *graph, uint32_t *order, uint8_t *reached)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < graph->count; i++)
		if (graph->nodes[i].is_root)
			order[count++] = i;
	for (uint32_t done = 0; done < count; done++) {
		struct node *node = &graph->nodes[order[done]];

		reached[order[done]] = 1;
		measure(graph, node);
		for (uint32_t i = node->first; i != NO_NODE; i = graph->nodes[i].next)
			order[count++] = i;
	}
}

int reach_measure(struct graph *graph)
{
	uint32_t *order = malloc((graph->count + (size_t)1) * sizeof(order[0]));
	uint8_t *reached = calloc(graph->count + (size_t)1, 1);
	int result = order && reached ? 0 : -1;

	if (result == 0) {
		hang(graph);
		go_through(graph, order, reached);
		break_rings(graph, reached);
		hang(graph);
	}
	free(order);
	free(reached);
	return result;
}
