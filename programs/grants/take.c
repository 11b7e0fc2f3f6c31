/* SPDX-License-Identifier: MIT */
/* Asks the kernel and VM for all grants and mappings. See take.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/grant.h>
#include <granite/vm.h>

#include "../lib/grow.h"
#include "take.h"

_Noreturn void take_give_up(const char *what, int result)
{
	fflush(stdout);
	fprintf(stderr, "grants: %s: %s\n", what, strerror(-result));
	exit(1);
}

/*
 * What is left, in bytes, of what this program takes at the most. Tables are as large as their owners like,
 * and memory is promised before it is there: whoever touches more than there is is ended. So it takes most of
 * what is free when it begins, and no more.
 */
static uint64_t room;

/* For each element there is, while a list grows, a copy; and then a node of the graph. */
#define ENTRY_BYTES(element) (2 * sizeof(element) + sizeof(struct node))

static void find_room(void)
{
	struct vm_info_rep memory;
	int result = vm_info(&memory);

	if (result != OK)
		take_give_up("how much memory there is, is not told", result);
	room = (uint64_t)memory.free * PAGE_SIZE / 4 * 3;
}

/* Room for one more, or the program's end. */
static void *grown(void *list, uint32_t count, size_t bytes, size_t needed)
{
	if (room >= needed)
		list = grow(list, count, bytes);
	if (room < needed || !list)
		take_give_up("there are more grants and mappings than memory is free for", -ENOMEM);
	room -= needed;
	return list;
}

static void add_grant(struct found *found, endpoint_t giver, const struct cp_grant *record)
{
	found->grants = grown(found->grants, found->nr_grants, sizeof(found->grants[0]),
	                      ENTRY_BYTES(found->grants[0]));
	found->grants[found->nr_grants++] = (struct found_grant){giver, *record};
}

static void add_mapping(struct found *found, const struct vm_lending *lending)
{
	found->mappings = grown(found->mappings, found->nr_mappings, sizeof(found->mappings[0]),
	                        ENTRY_BYTES(found->mappings[0]));
	found->mappings[found->nr_mappings] = (struct found_mapping){*lending, found->nr_mappings};
	found->nr_mappings++;
}

/* Whoever has ended tells nothing; a small process maps nothing. */
static int is_told(int result)
{
	if (result == -EPERM)
		take_give_up("whoever looks at others needs flags=inspect in the manifest", result);
	if (result < 0 && result != -EDEADSRCDST)
		take_give_up("what has been granted is not told", result);
	return result >= 0;
}

static void take_grants(struct found *found, endpoint_t endpoint)
{
	struct cp_grant records[SYS_GRANTS_MAX];
	uint32_t slot = 0;

	do {
		int count = sys_grants(endpoint, &slot, records, SYS_GRANTS_MAX);

		if (!is_told(count))
			return;
		for (int i = 0; i < count; i++)
			add_grant(found, endpoint, &records[i]);
	} while (slot);
}

static void take_mappings(struct found *found, endpoint_t endpoint)
{
	struct vm_lending lendings[VM_LENDINGS_AT_ONCE];
	uint32_t from = 0;

	do {
		int count = vm_lendings(endpoint, &from, lendings, VM_LENDINGS_AT_ONCE);

		if (!is_told(count))
			return;
		for (int i = 0; i < count; i++)
			add_mapping(found, &lendings[i]);
	} while (from);
}

void take_found(struct found *found, const struct processes *all)
{
	*found = (struct found){0};
	find_room();
	for (uint32_t i = 0; i < all->count; i++) {
		const struct process *process = &all->list[i];

		if (process_is_zombie(process))
			continue;
		take_grants(found, process->kernel.endpoint);
		if (!process->kernel.small)
			take_mappings(found, process->kernel.endpoint);
	}
	found_sort(found);
}

int take_viewers(struct found *found, endpoint_t endpoint, vir_bytes address, struct vm_viewers_rep *page)
{
	struct vm_lending lendings[VM_LENDINGS_AT_ONCE];
	uint32_t from = 0;

	*found = (struct found){0};
	do {
		int count = vm_viewers(endpoint, address, &from, lendings, VM_LENDINGS_AT_ONCE, page);

		if (count < 0)
			return count;
		for (int i = 0; i < count; i++)
			add_mapping(found, &lendings[i]);
	} while (from);
	found_sort(found);
	return OK;
}
