/* SPDX-License-Identifier: MIT */
/* Grants and mappings as a test makes them up, for the program `grants`. */
#ifndef GRANTS_FOUND_H
#define GRANTS_FOUND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/layout.h>
#include <granite/abi/priv.h>

#include "programs/grants/picture.h"

#define RW  (CPF_READ | CPF_WRITE)
#define RM  (CPF_READ | CPF_MAP)
#define RWM (RW | CPF_MAP)

enum { OWNER = 2001, BETWEEN = 2002, READER = 2003, GONE = 2999 };

/* The n-th grant that a process has made, in slot n. */
#define ID(n)         GRANT_ID((uint64_t)GRANT_SEQUENCES + (uint64_t)(n), (n))

#define GRANTS_MOST   70000u
#define MAPPINGS_MOST 300u

static struct process process_list[8];
static struct processes all = {process_list, 0};
static struct found found;
static struct graph graph;

static inline void add_process(const char *name, endpoint_t endpoint, int pid)
{
	struct process *process = &process_list[all.count++];

	*process = (struct process){.kernel = {.endpoint = endpoint}, .pm = {.pid = pid}};
	strncpy(process->kernel.name, name, sizeof(process->kernel.name) - 1);
}

static inline struct cp_grant *add_grant(endpoint_t giver, struct cp_grant record)
{
	assert_true(found.nr_grants < GRANTS_MOST);
	found.grants[found.nr_grants] = (struct found_grant){giver, record};
	return &found.grants[found.nr_grants++].record;
}

static inline struct cp_grant *add_direct(endpoint_t giver, int n, endpoint_t to, vir_bytes start,
                                          uint32_t bytes, uint32_t access)
{
	return add_grant(giver, (struct cp_grant){.id = ID(n),
	                                          .flags = CPF_DIRECT | access,
	                                          .who_to = to,
	                                          .start = start,
	                                          .bytes = bytes});
}

static inline struct cp_grant *add_indirect(endpoint_t giver, int n, endpoint_t to, endpoint_t from,
                                            int from_n, vir_bytes start, uint32_t bytes, uint32_t access)
{
	return add_grant(giver, (struct cp_grant){.id = ID(n),
	                                          .flags = CPF_INDIRECT | access,
	                                          .who_to = to,
	                                          .who_from = from,
	                                          .from_id = ID(from_n),
	                                          .start = start,
	                                          .bytes = bytes});
}

/* Made by one grant; the owner's, if no other links are added. */
static inline struct vm_lending *add_mapping(endpoint_t holder, vir_bytes start, uint32_t pages,
                                             endpoint_t owner, vir_bytes source, endpoint_t giver, int n)
{
	assert_true(found.nr_mappings < MAPPINGS_MOST);
	struct found_mapping *mapping = &found.mappings[found.nr_mappings];

	*mapping = (struct found_mapping){.age = found.nr_mappings++};
	mapping->lending = (struct vm_lending){.holder = holder,
	                                       .start = start,
	                                       .bytes = pages * PAGE_SIZE,
	                                       .owner = owner,
	                                       .source = source,
	                                       .pages = pages,
	                                       .nr_links = 1,
	                                       .link = {{.id = ID(n), .endpoint = giver}}};
	return &mapping->lending;
}

/* Three processes that have not granted anything yet. */
static inline int begin(void **state)
{
	(void)state;
	all.count = 0;
	found.grants = calloc(GRANTS_MOST, sizeof(found.grants[0]));
	found.mappings = calloc(MAPPINGS_MOST, sizeof(found.mappings[0]));
	add_process("owner", OWNER, 12);
	add_process("between", BETWEEN, 13);
	add_process("reader", READER, 14);
	return 0;
}

static inline int finish(void **state)
{
	(void)state;
	graph_free(&graph);
	found_free(&found);
	return 0;
}

static inline void make(void)
{
	graph_free(&graph);
	found_sort(&found);
	assert_int_equal(graph_make(&graph, &found, &all), 0);
}

static inline struct node *grant_node(endpoint_t giver, int n)
{
	for (uint32_t i = 0; i < graph.count; i++)
		if (graph.nodes[i].grant && graph.nodes[i].giver == giver &&
		    graph.nodes[i].grant->id == ID(n))
			return &graph.nodes[i];
	fail_msg("grant %d of %d is missing", n, giver);
	return NULL;
}

static inline struct node *mapping_node(endpoint_t holder, vir_bytes start)
{
	for (uint32_t i = 0; i < graph.count; i++)
		if (graph.nodes[i].mapping && graph.nodes[i].mapping->holder == holder &&
		    graph.nodes[i].mapping->start == start)
			return &graph.nodes[i];
	fail_msg("nothing of %d is at %x", holder, start);
	return NULL;
}

#endif
