/* SPDX-License-Identifier: MIT */
/* See lendings.h. Each process's are a list, which begins at its slot. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/layout.h>

#include "ds.h"
#include "lendings.h"
#include "ranges.h"

#define LENDING_MEMORY (8 * PAGE_SIZE) /* rather too much */

struct lending {
	struct lending *next;
	endpoint_t to;
	uint32_t address, bytes;
	int writable;
	cp_grant_id_t grant;
};

static struct lending *lists[ENDPOINT_SLOTS], *unused;
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

/* Those that have ended are not given back: what has been had once will not be missing. */
static void put_back(struct lending *lending)
{
	lending->next = unused;
	unused = lending;
}

static void end(struct lending **link)
{
	struct lending *lending = *link;

	memory_take_back(lending->grant);
	*link = lending->next;
	put_back(lending);
	count--;
}

/* One more than there have been takes memory: here, and in the table of grants. */
static struct lending *take(void)
{
	struct lending *lending = unused;

	if (!lending)
		return memory_is_spare(LENDING_MEMORY) ? malloc(sizeof(*lending)) : NULL;
	unused = lending->next;
	return lending;
}

static cp_grant_id_t add(endpoint_t to, uint32_t address, uint32_t bytes, int writable)
{
	struct lending *lending = take();
	cp_grant_id_t grant = lending ? memory_lend(to, address, bytes, writable) : -ENOSPC;

	if (grant < 0) {
		if (lending)
			put_back(lending);
		return grant;
	}
	*lending = (struct lending){*list_of(to), to, address, bytes, writable, grant};
	*list_of(to) = lending;
	count++;
	return grant;
}

/* ---- What is not mapped any more ---- */

static uint32_t count_of(endpoint_t to)
{
	uint32_t its = 0;

	for (const struct lending *lending = *list_of(to); lending; lending = lending->next)
		its++;
	return its;
}

/* Nobody tells DS of it: so VM is asked, when the process has no more left. */
static void end_unused(endpoint_t to)
{
	for (struct lending **link = list_of(to); *link;)
		if (memory_is_held((*link)->grant))
			link = &(*link)->next;
		else
			end(link);
}

/* ---- */

cp_grant_id_t lendings_lend(endpoint_t to, uint32_t address, uint32_t bytes, int writable, int has_reserve)
{
	uint32_t limit = has_reserve ? LENDINGS_MAX : LENDINGS_MAX / 4 * 3;

	for (const struct lending *lending = *list_of(to); lending; lending = lending->next)
		if (lending->to == to && lending->address == address && lending->writable == writable)
			return lending->grant;
	if (count >= limit || count_of(to) >= LENDINGS_OF_ONE)
		end_unused(to);
	if (count_of(to) >= LENDINGS_OF_ONE)
		return -EDQUOT;
	return count < limit ? add(to, address, bytes, writable) : -ENOSPC;
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
