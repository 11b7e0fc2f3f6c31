/* SPDX-License-Identifier: MIT */
#include "pagetable.h"

#include <string.h>

#include "notes.h"
#include "pool.h"
#include "vm.h"

/* Flushing more pages than this one by one costs more than reloading the directory. */
#define FLUSH_PAGES_MAX 8

static uint32_t *kernel_only;
static uint32_t kernel_slots; /* of the identity map */

void pagetable_init(phys_bytes region_end)
{
	kernel_only = pool_allocate(POOL_OWN);
	if (!kernel_only)
		vm_panic("the pool has no room for a page directory");
	kernel_slots = region_end >> BIG_PAGE_SHIFT;
	for (uint32_t slot = 0; slot < kernel_slots; slot++)
		kernel_only[slot] = slot << BIG_PAGE_SHIFT | PTE_PRESENT | PTE_WRITE | PTE_BIG | PTE_GLOBAL;
}

phys_bytes pagetable_kernel_only(void)
{
	return pool_physical(kernel_only);
}

/*
 * A quarter of the pool for one process. Every table also costs the frame of a page touched, so this hurts
 * only who scatters its memory wildly. It is no quota for a process and its children together: a family of
 * them can still use up the pool but for RS's reserve.
 */
static uint32_t pages_max(void)
{
	return pool_pages() / 4;
}

int pagetable_create(struct pagetable *pt)
{
	pt->directory = pool_allocate(POOL_TABLES);
	if (!pt->directory)
		return -ENOMEM;
	pt->pages = 1;
	memcpy(pt->directory, kernel_only, kernel_slots * sizeof(pt->directory[0]));
	return OK;
}

static void free_table(struct pagetable *pt, uint32_t entry)
{
	pool_free(pool_pointer(entry & PTE_FRAME), POOL_TABLES);
	pt->pages--;
}

void pagetable_free_tables(struct pagetable *pt, vir_bytes start, vir_bytes end)
{
	for (uint32_t slot = pagetable_slot(start); slot <= pagetable_slot(end - 1); slot++) {
		if (!pt->directory[slot])
			continue;
		free_table(pt, pt->directory[slot]);
		pt->directory[slot] = 0;
	}
}

void pagetable_destroy(struct pagetable *pt)
{
	vmassert(pt->pages == 1);
	memset(pt->directory, 0, kernel_slots * sizeof(pt->directory[0]));
	pool_free(pt->directory, POOL_TABLES);
}

phys_bytes pagetable_physical(const struct pagetable *pt)
{
	return pool_physical(pt->directory);
}

uint32_t *pagetable_find(const struct pagetable *pt, vir_bytes address)
{
	uint32_t slot = pt->directory[pagetable_slot(address)];
	uint32_t *table;

	if (!slot)
		return NULL;
	table = pool_pointer(slot & PTE_FRAME);
	return &table[pagetable_index(address)];
}

uint32_t *pagetable_make(struct pagetable *pt, vir_bytes address)
{
	uint32_t *entry = pagetable_find(pt, address);
	uint32_t *table;

	if (entry)
		return entry;
	if (pt->pages >= pages_max())
		return NULL;
	table = pool_allocate(POOL_TABLES);
	if (!table)
		return NULL;
	pt->pages++;
	pagetable_set(&pt->directory[pagetable_slot(address)],
	              pool_physical(table) | PTE_PRESENT | PTE_WRITE | PTE_USER);
	return &table[pagetable_index(address)];
}

uint32_t pagetable_missing(const struct pagetable *pt, vir_bytes start, vir_bytes end)
{
	uint32_t missing = 0;

	if (start == end)
		return 0;
	for (uint32_t slot = pagetable_slot(start); slot <= pagetable_slot(end - 1); slot++)
		missing += !pt->directory[slot];
	return missing;
}

bool pagetable_may_grow(const struct pagetable *pt, uint32_t tables)
{
	return pt->pages + tables <= pages_max();
}

void pagetable_drop(struct pagetable *pt, vir_bytes address)
{
	uint32_t *entry = &pt->directory[pagetable_slot(address)];
	uint32_t old = *entry;

	if (!old)
		return;
	pagetable_set(entry, 0);
	/* The processor keeps directory entries too, apart from pages; forgetting any page drops them. */
	note_add(NOTE_INVAL_PAGE, pagetable_physical(pt), address);
	free_table(pt, old);
}

static vir_bytes next_slot(vir_bytes address, vir_bytes end)
{
	vir_bytes next = (address & ~(BIG_PAGE_SIZE - 1)) + BIG_PAGE_SIZE;

	return next < end ? next : end;
}

/* Tables are mostly empty; that is found out by so many entries at once. */
#define GROUP 8

static bool group_empty(const uint32_t *entry)
{
	return !(entry[0] | entry[1] | entry[2] | entry[3] | entry[4] | entry[5] | entry[6] | entry[7]);
}

/* The first entry from `entry` on, and before `end`, that is not 0; or `end`. */
static uint32_t *next_used(uint32_t *entry, uint32_t *end)
{
	while (entry < end && !*entry) {
		entry++;
		while (entry + GROUP <= end && group_empty(entry))
			entry += GROUP;
	}
	return entry;
}

/* Entries of one table. */
static int visit_table(uint32_t *first, vir_bytes start, vir_bytes end, pagetable_visitor *visit,
                       void *context)
{
	uint32_t *last = first + (end - start) / PAGE_SIZE, *entry = next_used(first, last);
	int result = OK;

	for (; entry < last && result == OK; entry = next_used(entry + 1, last))
		result = visit(context, start + (uint32_t)(entry - first) * PAGE_SIZE, entry);
	return result;
}

int pagetable_each(const struct pagetable *pt, vir_bytes start, vir_bytes end, pagetable_visitor *visit,
                   void *context)
{
	vir_bytes next;
	int result;

	for (vir_bytes address = start; address < end; address = next) {
		uint32_t *entry = pagetable_find(pt, address);

		next = next_slot(address, end);
		if (!entry)
			continue;
		result = visit_table(entry, address, next, visit, context);
		if (result != OK)
			return result;
	}
	return OK;
}

void flush_page(struct flush *flush, vir_bytes address)
{
	if (flush->pages++ < FLUSH_PAGES_MAX)
		note_add(NOTE_INVAL_PAGE, flush->directory, address);
}

void flush_end(const struct flush *flush)
{
	if (flush->pages > FLUSH_PAGES_MAX)
		note_add(NOTE_INVAL_ALL, flush->directory, 0);
}
