/* SPDX-License-Identifier: MIT */
#include "space.h"

#include <string.h>

#include "frames.h"
#include "kept.h"
#include "pool.h"
#include "types.h"
#include "vm.h"

_Static_assert(sizeof(struct space) <= PAGE_SIZE, "a space is kept in a page");

static void free_record(struct space *space)
{
	memset(space, 0, sizeof(*space));
	pool_free(space, POOL_OWN);
}

struct space *space_create(void)
{
	struct space *space = pool_allocate(POOL_OWN);

	if (!space)
		return NULL;
	if (pagetable_create(&space->pagetable) != OK) {
		free_record(space);
		return NULL;
	}
	space->heap_start = space->heap_end = PROC_MIN_ADDRESS;
	return space;
}

/* Visits the entries of all regions, and so all there are. */
static void each_entry(const struct space *space, pagetable_visitor *visit, void *context)
{
	const struct region *region = regions_first(&space->regions, 0, PROC_SIZE);

	for (; region; region = regions_next(&space->regions, region, PROC_SIZE))
		(void)pagetable_each(&space->pagetable, region->start, region->end, visit, context);
}

/* What an entry holds is given back. */
static void release(uint32_t entry)
{
	if (entry & PTE_DEVICE)
		return;
	if (entry & PTE_LENT)
		frame_unlend(entry & PTE_FRAME);
	frame_release(entry & PTE_FRAME, entry & PTE_PAID);
}

static int release_page(void *context, vir_bytes address, uint32_t *entry)
{
	(void)context;
	(void)address;
	release(*entry);
	*entry = 0;
	return OK;
}

/* Nobody runs here any more: no translation needs forgetting. */
void space_destroy(struct space *space)
{
	const struct region *region;

	lendings_leave(space);
	each_entry(space, release_page, NULL);
	region = regions_first(&space->regions, 0, PROC_SIZE);
	for (; region; region = regions_next(&space->regions, region, PROC_SIZE))
		pagetable_free_tables(&space->pagetable, region->start, region->end);
	pagetable_destroy(&space->pagetable);
	regions_clear(&space->regions);
	kept_free(space);
	free_record(space);
}

int space_map(struct space *space, const struct region *region)
{
	if (!regions_empty(&space->regions, region->start, region->end))
		return -EEXIST;
	if (!regions_may_change(&space->regions, region->start, region->end, true))
		return -ENOMEM;
	regions_insert(&space->regions, region);
	return OK;
}

/* ---- Unmapping ---- */

/*
 * The frame is given up before the translation is forgotten: it can't come to anybody else before, because
 * only VM hands frames out, and makes sure of the note before it does.
 */
static int unmap_page(void *context, vir_bytes address, uint32_t *entry)
{
	uint32_t old = *entry;

	pagetable_set(entry, 0);
	if (old & PTE_PRESENT)
		flush_page(context, address);
	release(old);
	return OK;
}

/* Frees the tables that a removed range leaves without any region. Those in its middle are certainly among
 * them. */
static void drop_tables(struct space *space, vir_bytes start, vir_bytes end)
{
	vir_bytes slot = start & ~(BIG_PAGE_SIZE - 1);

	for (; slot < end; slot += BIG_PAGE_SIZE)
		if (regions_empty(&space->regions, slot, slot + BIG_PAGE_SIZE))
			pagetable_drop(&space->pagetable, slot);
}

void space_remove_regions(struct space *space, vir_bytes start, vir_bytes end)
{
	regions_remove(&space->regions, start, end);
	drop_tables(space, start, end);
}

void space_unmap(struct space *space, vir_bytes start, vir_bytes end)
{
	struct flush flush = {.directory = pagetable_physical(&space->pagetable)};

	if (space->lendings.nr_lent)
		lendings_end_range(space, start, end);
	(void)pagetable_each(&space->pagetable, start, end, unmap_page, &flush);
	flush_end(&flush);
	if (space->lendings.held)
		lendings_unmapped(space, start, end);
	space_remove_regions(space, start, end);
}

/* ---- Rights ---- */

struct protection {
	struct flush flush;
	uint32_t prot;
};

static int protect_page(void *context, vir_bytes address, uint32_t *entry)
{
	struct protection *protection = context;
	uint32_t old = *entry, new = old;

	if (protection->prot)
		new |= PTE_PRESENT;
	else
		new &= ~PTE_PRESENT;
	/* A right to write is only taken here, never given: a write finds out whether the frame is shared. */
	if (!(protection->prot & VM_PROT_WRITE))
		new &= ~PTE_WRITE;
	pagetable_set(entry, new);
	if (old & ~new)
		flush_page(&protection->flush, address);
	return OK;
}

void space_protect(struct space *space, vir_bytes start, vir_bytes end, uint32_t prot)
{
	struct protection protection = {
	        .flush.directory = pagetable_physical(&space->pagetable),
	        .prot = prot,
	};

	regions_protect(&space->regions, start, end, prot);
	(void)pagetable_each(&space->pagetable, start, end, protect_page, &protection);
	flush_end(&protection.flush);
}

/* ---- Counting ---- */

struct page_count {
	uint32_t resident, shared;
};

static int count_page(void *context, vir_bytes address, uint32_t *entry)
{
	struct page_count *count = context;

	(void)address;
	count->resident++;
	count->shared += !(*entry & PTE_DEVICE) && frame_common(*entry & PTE_FRAME);
	return OK;
}

void space_count(const struct space *space, struct vm_procinfo_rep *count)
{
	struct page_count pages = {0};
	const struct region *region;

	each_entry(space, count_page, &pages);
	*count = (struct vm_procinfo_rep){
	        .resident = pages.resident,
	        .shared = pages.shared,
	        .tables = space->pagetable.pages,
	};
	for (region = regions_first(&space->regions, 0, PROC_SIZE); region;
	     region = regions_next(&space->regions, region, PROC_SIZE))
		count->mapped += (region->end - region->start) >> PAGE_SHIFT;
}

void space_describe(const struct space *space, const struct region *region, struct vm_region_rep *reply)
{
	struct page_count pages = {0};

	(void)pagetable_each(&space->pagetable, region->start, region->end, count_page, &pages);
	*reply = (struct vm_region_rep){
	        .start = region->start,
	        .end = region->end,
	        .prot = region->prot,
	        .type = region->type,
	        .heap = region->type == REGION_ANONYMOUS && region->start < space->heap_end &&
	                region->end > space->heap_start,
	        .offset = region->type == REGION_ARCHIVE ? region->object - archive_start() : 0,
	        .resident = pages.resident,
	        .shared = pages.shared,
	};
	strcpy(reply->name, kept_name(space, region));
}
