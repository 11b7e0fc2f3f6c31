/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "notes.h"
#include "vm.h"

/* What a free page holds, besides zeros. */
struct free_page {
	struct free_page *next;
};

/* Invariant: the pages in use, those on the two lists and those never used are all the pages. */
static struct {
	char *base;
	phys_bytes physical; /* of base */
	uint32_t pages, unused, reserve;
	uint32_t used[POOL_USES];
	uint32_t touched;        /* pages from here on have never been used, and hold anything */
	struct free_page *ready; /* free */
	struct free_page *fresh; /* free as soon as no note is pending */
	struct free_page *fresh_last;
} pool;

void pool_init(void *base, phys_bytes physical, uint32_t pages)
{
	memset(&pool, 0, sizeof(pool));
	pool.base = base;
	pool.physical = physical;
	pool.pages = pool.unused = pages;
}

static void ripen(void)
{
	if (!pool.fresh)
		return;
	pool.fresh_last->next = pool.ready;
	pool.ready = pool.fresh;
	pool.fresh = NULL;
}

static void *take_ready(void)
{
	struct free_page *page = pool.ready;

	if (!page)
		return NULL;
	pool.ready = page->next;
	page->next = NULL;
	return page;
}

static void *take_untouched(void)
{
	if (pool.touched == pool.pages)
		return NULL;
	return memset(pool.base + (size_t)pool.touched++ * PAGE_SIZE, 0, PAGE_SIZE);
}

static void *take(void)
{
	void *page;

	if (!notes_pending())
		ripen();
	page = take_ready();
	if (!page)
		page = take_untouched();
	if (!page && pool.fresh) {
		notes_apply();
		ripen();
		page = take_ready();
	}
	return page;
}

void *pool_allocate(enum pool_use use)
{
	void *page = pool_available() ? take() : NULL;

	if (page) {
		pool.unused--;
		pool.used[use]++;
	}
	return page;
}

/* Four words at a time: in systems with assertions this is much of what a process's end costs. */
static bool is_zero(const void *page)
{
	const uint32_t *word = page;

	for (uint32_t i = 0; i < PAGE_SIZE / sizeof(*word); i += 4)
		if (word[i] | word[i + 1] | word[i + 2] | word[i + 3])
			return false;
	return true;
}

void pool_free(void *page, enum pool_use use)
{
	struct free_page *free = page;

	vmassert(is_zero(page));
	if (!pool.fresh)
		pool.fresh_last = free;
	free->next = pool.fresh;
	pool.fresh = free;
	pool.unused++;
	pool.used[use]--;
}

uint32_t pool_pages(void)
{
	return pool.pages;
}

uint32_t pool_unused(void)
{
	return pool.unused;
}

uint32_t pool_available(void)
{
	return pool.unused > pool.reserve ? pool.unused - pool.reserve : 0;
}

void pool_keep(uint32_t pages)
{
	pool.reserve = pages;
}

uint32_t pool_used(enum pool_use use)
{
	return pool.used[use];
}

phys_bytes pool_physical(const void *page)
{
	return pool.physical + (phys_bytes)((const char *)page - pool.base);
}

void *pool_pointer(phys_bytes physical)
{
	return pool.base + (physical - pool.physical);
}
