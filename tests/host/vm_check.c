/* SPDX-License-Identifier: MIT */
#include "vm_check.h"

#include "servers/vm/frames.h"
#include "servers/vm/pool.h"
#include "servers/vm/process.h"
#include "servers/vm/types.h"
#include "servers/vm/vm.h"

#define TRY(check)                          \
	do {                                \
		const char *wrong_ = check; \
		if (wrong_)                 \
			return wrong_;      \
	} while (0)

/* What all processes together have. */
struct census {
	uint32_t table_pages, own_pages;
};

/* ---- Regions ---- */

static const char *check_leaves(const struct regions *set)
{
	for (uint32_t i = 0; i < set->nr_leaves; i++) {
		uint32_t nr = set->leaf[i]->nr;

		if (nr == 0 || nr > REGION_LEAF_MAX)
			return "a leaf is empty or too full";
		if (i > 0 && set->leaf[i - 1]->nr + nr <= REGION_LEAF_MAX / 2)
			return "two leaves should have been joined";
	}
	return NULL;
}

static const char *check_region(const struct region *region)
{
	if (region->start >= region->end || region->start < PROC_MIN_ADDRESS || region->end > PROC_SIZE)
		return "a region is not within the process";
	if ((region->start | region->end) % PAGE_SIZE)
		return "a region is not page-aligned";
	return NULL;
}

static const char *check_regions(const struct regions *set)
{
	const struct region *left = NULL, *right;

	TRY(check_leaves(set));
	for (right = regions_from(set, 0); right; right = regions_from(set, right->end)) {
		TRY(check_region(right));
		if (left && left->end > right->start)
			return "regions overlap";
		if (left && region_continues(left, right))
			return "two regions should have been joined";
		left = right;
	}
	return NULL;
}

/* ---- Page tables ---- */

static const char *check_entry(const struct region *region, uint32_t entry)
{
	uint32_t number = entry >> PAGE_SHIFT;

	if (!region)
		return "an entry is in no region";
	if (number < frames.first || number >= frames.first + frames.count)
		return "an entry holds no frame of ours";
	if (!(entry & PTE_PRESENT) != (region->prot == 0))
		return "an entry is present though its region has no rights, or the other way round";
	if (entry & PTE_WRITE && !(region->prot & VM_PROT_WRITE))
		return "an entry is writable, its region is not";
	if (entry & PTE_WRITE && frame_shared(entry & PTE_FRAME))
		return "an entry is writable, though others have the frame";
	if (!(entry & PTE_USER))
		return "an entry is not the process's";
	return NULL;
}

/* Counts the references in frame.next, which is free for this while the frame is not. */
static const char *check_table(struct space *space, vir_bytes start)
{
	uint32_t *entry = pagetable_find(&space->pagetable, start);

	for (vir_bytes address = start; address < start + BIG_PAGE_SIZE; address += PAGE_SIZE, entry++) {
		if (!*entry)
			continue;
		TRY(check_entry(regions_find(&space->regions, address), *entry));
		frame_of(*entry & PTE_FRAME)->next++;
	}
	return NULL;
}

static const char *check_tables(struct space *space)
{
	uint32_t pages = 1;

	for (vir_bytes start = 0; start < PROC_SIZE; start += BIG_PAGE_SIZE) {
		if (!pagetable_find(&space->pagetable, start))
			continue;
		pages++;
		if (regions_empty(&space->regions, start, start + BIG_PAGE_SIZE))
			return "a table serves no region";
		TRY(check_table(space, start));
	}
	return pages == space->pagetable.pages ? NULL : "a process's tables are miscounted";
}

static const char *check_processes(struct census *census)
{
	for (uint32_t slot = 0; slot < ENDPOINT_SLOTS; slot++) {
		struct space *space = process_slot(slot)->space;

		if (!space)
			continue;
		TRY(check_regions(&space->regions));
		TRY(check_tables(space));
		census->table_pages += space->pagetable.pages;
		census->own_pages += 1 + space->regions.nr_leaves;
	}
	return NULL;
}

/* ---- Frames and pool ---- */

static void clear_counts(void)
{
	for (uint32_t i = 0; i < frames.count; i++)
		if (frames.table[i].references)
			frames.table[i].next = 0;
	for (uint32_t page = 0; page < archive_bytes(); page += PAGE_SIZE)
		frame_of(archive_start() + page)->next = 1;
}

static const char *check_counts(void)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < frames.count; i++) {
		if (!frames.table[i].references)
			continue;
		used++;
		if (frames.table[i].references != frames.table[i].next)
			return "a frame's references are miscounted";
	}
	return used + frames.free == frames.above ? NULL : "frames have been lost";
}

static const char *check_free_list(void)
{
	uint32_t length = 0;

	for (uint32_t i = frames.free_list; i != FRAMES_END; i = frames.table[i].next) {
		if (frames.table[i].references || ++length > frames.free)
			return "the list of free frames has a frame in use, or a loop";
	}
	return length == frames.free ? NULL : "free frames are miscounted";
}

static const char *check_account(const struct census *census)
{
	struct vm_info_rep info = {0};

	/* One page is the kernel-only directory. */
	if (pool_used(POOL_TABLES) != census->table_pages || pool_used(POOL_OWN) != census->own_pages + 1)
		return "pool pages have been lost";
	if (do_info(PM_PROC_NR, NULL, &info) != OK)
		return "there is no account";
	if (info.kernel + info.vm_tables + info.pool_used + info.pool_free + info.archive + info.process +
	            info.free !=
	    info.total)
		return "the account does not add up";
	return NULL;
}

const char *vm_check(void)
{
	struct census census = {0};

	clear_counts();
	TRY(check_processes(&census));
	TRY(check_counts());
	TRY(check_free_list());
	return check_account(&census);
}
