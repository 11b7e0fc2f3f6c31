/* SPDX-License-Identifier: MIT */
/* What processes do to their own address space: mmap, munmap, mprotect, brk. */
#include <granite/abi/priv.h>

#include "frames.h"
#include "kept.h"
#include "memory.h"
#include "pool.h"
#include "process.h"
#include "types.h"
#include "vm.h"

#define PROT_ALL (VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXEC)
#define MAP_ALL  (VM_MAP_FIXED | VM_MAP_NOREPLACE | VM_MAP_POPULATE)

/* Whether a page-aligned address and a length name pages of a process; *end is where they end. */
static bool range_valid(vir_bytes start, uint32_t bytes, vir_bytes *end)
{
	if (start % PAGE_SIZE || start >= PROC_SIZE || bytes == 0 || bytes > PROC_SIZE - start)
		return false;
	*end = start + page_up(bytes);
	return true;
}

/* ---- mmap ---- */

static int fixed_place(const struct space *space, const struct vm_mmap_req *request, struct region *region)
{
	if (request->address % PAGE_SIZE)
		return -EINVAL;
	if (!range_valid(request->address, request->bytes, &region->end))
		return -ENOMEM;
	if (request->address < PROC_MIN_ADDRESS)
		return -EPERM;
	if (kept_touches(request->address, region->end))
		return -EINVAL;
	region->start = request->address;
	if (request->flags & VM_MAP_NOREPLACE && !regions_empty(&space->regions, region->start, region->end))
		return -EEXIST;
	return OK;
}

static bool hint_suits(const struct space *space, vir_bytes start, uint32_t bytes)
{
	return start >= PROC_MIN_ADDRESS && start < MMAP_TOP && bytes <= MMAP_TOP - start &&
	       regions_empty(&space->regions, start, start + bytes);
}

static int find_place(const struct space *space, const struct vm_mmap_req *request, struct region *region)
{
	uint32_t bytes = page_up(request->bytes);

	if (request->bytes > PROC_SIZE)
		return -ENOMEM;
	region->start = page_down(request->address);
	if (!hint_suits(space, region->start, bytes))
		region->start = regions_find_gap(&space->regions, bytes);
	region->end = region->start + bytes;
	return region->start ? OK : -ENOMEM;
}

static int choose_place(const struct space *space, const struct vm_mmap_req *request, struct region *region)
{
	if (request->bytes == 0 || request->prot & ~PROT_ALL || request->flags & ~MAP_ALL)
		return -EINVAL;
	if (request->flags & VM_MAP_FIXED)
		return fixed_place(space, request, region);
	return request->flags & VM_MAP_NOREPLACE ? -EINVAL : find_place(space, request, region);
}

/* Whether frames and tables for a whole range are there, and two pool pages that its regions may take. */
static bool can_populate(const struct space *space, const struct region *region)
{
	uint32_t tables = pagetable_missing(&space->pagetable, region->start, region->end);

	return (region->end - region->start) >> PAGE_SHIFT <= frames_available() &&
	       pagetable_may_grow(&space->pagetable, tables) && tables + 2 <= pool_available();
}

/* Unmaps what is there. The frames for what comes there are not to be had for snapshots of it. */
static void make_way(struct space *space, const struct region *region, bool populate)
{
	uint32_t kept = populate ? (region->end - region->start) >> PAGE_SHIFT : 0;

	frames.reserve += kept;
	space_unmap(space, region->start, region->end);
	frames.reserve -= kept;
}

int do_mmap(endpoint_t caller, const struct vm_mmap_req *request, struct vm_mmap_rep *reply)
{
	struct space *space = process_space(caller);
	struct region region = {.prot = request->prot, .type = REGION_ANONYMOUS};
	bool populate = request->flags & VM_MAP_POPULATE && request->prot;
	int result;

	if (!space)
		return -EDEADSRCDST;
	result = choose_place(space, request, &region);
	if (result != OK)
		return result;
	if (!regions_may_change(&space->regions, region.start, region.end, true))
		return -ENOMEM;
	if (populate && !can_populate(space, &region))
		return -ENOMEM;

	if (request->flags & VM_MAP_FIXED)
		make_way(space, &region, populate);
	regions_insert(&space->regions, &region);
	reply->address = region.start;
	return populate ? space_bring_all(space, region.start, region.end, false) : OK;
}

/* ---- populate ---- */

static int count_writable(void *context, vir_bytes address, uint32_t *entry)
{
	uint32_t *count = context;

	(void)address;
	*count += (*entry & PTE_WRITE) != 0;
	return OK;
}

/* All of it, or nothing. */
static int populate(struct space *space, vir_bytes start, vir_bytes end)
{
	uint32_t tables = pagetable_missing(&space->pagetable, start, end), writable = 0;

	(void)pagetable_each(&space->pagetable, start, end, count_writable, &writable);
	if (((end - start) >> PAGE_SHIFT) - writable > frames_available() ||
	    !pagetable_may_grow(&space->pagetable, tables) || tables > pool_available())
		return -ENOMEM;
	return space_bring_all(space, start, end, true);
}

static int populate_with_reserve(const struct process *process, vir_bytes start, vir_bytes end)
{
	int result = -ENOMEM;

	if (!process_takes_aside(process))
		result = populate(process->space, start, end);
	if (result == -ENOMEM && process_open_reserve(process->endpoint)) {
		result = populate(process->space, start, end);
		memory_close();
	}
	return result;
}

int do_populate(endpoint_t caller, const struct vm_populate_req *request, struct vm_populate_rep *reply)
{
	const struct process *process = process_find(caller);
	struct space *space;
	vir_bytes end;

	(void)reply;
	if (!process)
		return -EDEADSRCDST;
	space = process->space;
	if (request->bytes > VM_MEMREQ_BYTES_MAX || request->flags & ~VM_POPULATE_SPARE ||
	    !range_valid(request->address, request->bytes, &end))
		return -EINVAL;
	if (!regions_allow(&space->regions, request->address, end, true))
		return -EFAULT;
	if (request->flags & VM_POPULATE_SPARE)
		return populate(space, request->address, end);
	return populate_with_reserve(process, request->address, end);
}

/* ---- munmap, mprotect ---- */

int do_munmap(endpoint_t caller, const struct vm_munmap_req *request, struct vm_munmap_rep *reply)
{
	struct space *space = process_space(caller);
	vir_bytes end;

	(void)reply;
	if (!space)
		return -EDEADSRCDST;
	if (!range_valid(request->address, request->bytes, &end))
		return -EINVAL;
	if (!regions_may_change(&space->regions, request->address, end, false))
		return -ENOMEM;
	space_unmap(space, request->address, end);
	return OK;
}

static bool may_have_rights(const struct space *space, vir_bytes start, vir_bytes end, uint32_t prot)
{
	const struct region *region = regions_first(&space->regions, start, end);

	for (; region; region = regions_next(&space->regions, region, end)) {
		const struct memory_type *type = memory_types[region->type];

		if (type->most_rights && prot & ~type->most_rights(region))
			return false;
	}
	return true;
}

int do_mprotect(endpoint_t caller, const struct vm_mprotect_req *request, struct vm_mprotect_rep *reply)
{
	struct space *space = process_space(caller);
	vir_bytes end;

	(void)reply;
	if (!space)
		return -EDEADSRCDST;
	if (request->prot & ~PROT_ALL || request->address % PAGE_SIZE)
		return -EINVAL;
	if (!range_valid(request->address, request->bytes, &end))
		return -ENOMEM;
	if (!may_have_rights(space, request->address, end, request->prot))
		return -EACCES;
	if (!regions_cover(&space->regions, request->address, end) ||
	    !regions_may_change(&space->regions, request->address, end, false))
		return -ENOMEM;
	space_protect(space, request->address, end, request->prot);
	return OK;
}

/* ---- brk ---- */

static int grow_heap(struct space *space, vir_bytes start, vir_bytes end)
{
	struct region region = {
	        .start = start,
	        .end = end,
	        .prot = VM_PROT_READ | VM_PROT_WRITE,
	        .type = REGION_ANONYMOUS,
	};

	return space_map(space, &region);
}

static int shrink_heap(struct space *space, vir_bytes start, vir_bytes end)
{
	if (!regions_may_change(&space->regions, start, end, false))
		return -ENOMEM;
	space_unmap(space, start, end);
	return OK;
}

static int set_break(struct space *space, vir_bytes address)
{
	vir_bytes old = page_up(space->heap_end), new;
	int result = OK;

	if (address < space->heap_start || address > MMAP_TOP)
		return -ENOMEM;
	new = page_up(address);
	if (new > old)
		result = grow_heap(space, old, new);
	else if (new < old)
		result = shrink_heap(space, new, old);
	if (result == OK)
		space->heap_end = address;
	return result;
}

int do_brk(endpoint_t caller, const struct vm_brk_req *request, struct vm_brk_rep *reply)
{
	struct space *space = process_space(caller);

	if (!space)
		return -EDEADSRCDST;
	/* As brk(2) on Linux: who can't have what it asks for sees it in the break that it gets. */
	(void)set_break(space, request->address);
	reply->address = space->heap_end;
	return OK;
}

/* ---- The boot archive ---- */

int do_map_archive(endpoint_t caller, const struct vm_map_archive_req *request,
                   struct vm_map_archive_rep *reply)
{
	struct space *space = process_space(caller);
	struct region region = {.object = archive_start(), .prot = VM_PROT_READ, .type = REGION_ARCHIVE};
	int result;

	(void)request;
	if (!space)
		return -EDEADSRCDST;
	if (!process_has_privilege(caller, PRIV_ARCHIVE))
		return -EPERM;
	region.start = regions_find_gap(&space->regions, archive_bytes());
	region.end = region.start + archive_bytes();
	if (!region.start || region.start == region.end)
		return -ENOMEM;
	result = space_map(space, &region);
	if (result != OK)
		return result;
	reply->address = region.start;
	reply->bytes = archive_bytes();
	return OK;
}
