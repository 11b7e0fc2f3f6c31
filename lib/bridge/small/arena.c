/* SPDX-License-Identifier: MIT */
/* A small process's memory: see arena.h. */
#include <string.h>
#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/abi/types.h>

#include "arena.h"

#define ARENA_PAGES (SMALL_ARENA_SIZE / PAGE_SIZE)

_Static_assert(ARENA_PAGES == 32, "one bit a page in a word");

static uint32_t arena_start;
static uint32_t arena_break;
static uint32_t mapped; /* bit n: page n belongs to a mapping */

static uint32_t pages_of(uint32_t bytes)
{
	return bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
}

/* `count` bits, from bit `first` on; first + count is at most ARENA_PAGES. */
static uint32_t page_mask(uint32_t first, uint32_t count)
{
	return count ? UINT32_MAX >> (ARENA_PAGES - count) << first : 0;
}

static void *page_pointer(uint32_t page)
{
	return (void *)(uintptr_t)(arena_start + page * PAGE_SIZE);
}

void arena_init(uint32_t start)
{
	arena_start = arena_break = start;
	mapped = 0;
}

/* Linux's brk gives zeroed memory, also where the break has been before. */
uint32_t arena_brk(uint32_t address)
{
	uint32_t bytes = address - arena_start;

	if (address < arena_start || bytes > SMALL_ARENA_SIZE || (mapped & page_mask(0, pages_of(bytes))))
		return arena_break;
	if (address > arena_break)
		memset((void *)(uintptr_t)arena_break, 0, address - arena_break);
	arena_break = address;
	return arena_break;
}

int32_t arena_map(uint32_t bytes)
{
	uint32_t count = pages_of(bytes);
	uint32_t lowest = pages_of(arena_break - arena_start);

	if (count == 0)
		return -EINVAL;
	for (uint32_t page = ARENA_PAGES - count;
	     count <= ARENA_PAGES && page >= lowest && page < ARENA_PAGES; page--) {
		if (mapped & page_mask(page, count))
			continue;
		mapped |= page_mask(page, count);
		memset(page_pointer(page), 0, count * PAGE_SIZE);
		return (int32_t)(uintptr_t)page_pointer(page);
	}
	return -ENOMEM;
}

int32_t arena_unmap(uint32_t address, uint32_t bytes)
{
	uint32_t offset = address - arena_start;
	uint32_t count = pages_of(bytes);

	if (address < arena_start || offset % PAGE_SIZE || count == 0 || count > ARENA_PAGES)
		return -EINVAL;
	if (offset / PAGE_SIZE > ARENA_PAGES - count)
		return -EINVAL;
	mapped &= ~page_mask(offset / PAGE_SIZE, count);
	return OK;
}
