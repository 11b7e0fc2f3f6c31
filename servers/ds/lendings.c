/* SPDX-License-Identifier: MIT */
/* See lendings.h. Each process's are a list, which begins at its slot. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <granite/abi/endpoint.h>

#include "lendings.h"
#include "ranges.h"

struct lending {
	struct lending *next;
	endpoint_t to;
	uint32_t address;
	int writable;
	cp_grant_id_t grant;
};

static struct lending *lists[ENDPOINT_SLOTS];
static uint32_t count;

void lendings_begin(void)
{
	memset(lists, 0, sizeof(lists));
	count = 0;
}

static struct lending **list_of(endpoint_t to)
{
	return &lists[ENDPOINT_SLOT(to)];
}

static void end(struct lending **link)
{
	struct lending *lending = *link;

	memory_take_back(lending->grant);
	*link = lending->next;
	free(lending);
	count--;
}

static cp_grant_id_t add(endpoint_t to, uint32_t address, uint32_t bytes, int writable)
{
	struct lending *lending = malloc(sizeof(*lending));
	cp_grant_id_t grant = lending ? memory_lend(to, address, bytes, writable) : -ENOSPC;

	if (grant < 0) {
		free(lending);
		return grant;
	}
	*lending = (struct lending){*list_of(to), to, address, writable, grant};
	*list_of(to) = lending;
	count++;
	return grant;
}

cp_grant_id_t lendings_lend(endpoint_t to, uint32_t address, uint32_t bytes, int writable)
{
	uint32_t its = 0;

	for (const struct lending *lending = *list_of(to); lending; lending = lending->next, its++)
		if (lending->to == to && lending->address == address && lending->writable == writable)
			return lending->grant;
	if (its >= LENDINGS_OF_ONE)
		return -EDQUOT;
	return count < LENDINGS_MAX ? add(to, address, bytes, writable) : -ENOSPC;
}

void lendings_end_to(endpoint_t to)
{
	while (*list_of(to))
		end(list_of(to));
}

void lendings_end_of(uint32_t address)
{
	for (struct lending **list = lists; list < lists + ENDPOINT_SLOTS; list++)
		for (struct lending **link = list; *link;) {
			if ((*link)->address == address)
				end(link);
			else
				link = &(*link)->next;
		}
}
