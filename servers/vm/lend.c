/* SPDX-License-Identifier: MIT */
/* Mapping what is lent. */
#include "lend.h"

#include "frames.h"
#include "kept.h"
#include "notes.h"
#include "pairs.h"
#include "pool.h"
#include "process.h"
#include "types.h"
#include "vm.h"

/* ---- The memory type ---- */

static int bring(const struct region *region, vir_bytes page, bool write, uint32_t *entry)
{
	(void)region;
	(void)page;
	(void)write;
	(void)entry;
	vm_panic("a page that was lent is not there");
}

static uint32_t advance(uint32_t object, uint32_t bytes)
{
	(void)bytes;
	return object;
}

static uint32_t most_rights(const struct region *region)
{
	bool write = lending_of(region)->flags & VM_LEND_WRITE;

	return VM_PROT_READ | VM_PROT_EXEC | (write ? VM_PROT_WRITE : 0);
}

const struct memory_type lent_type = {.bring = bring, .advance = advance, .most_rights = most_rights};

/* ---- Mapping ---- */

/* What VM_LEND asks for, decoded. */
struct loan {
	struct space *holder, *owner;
	uint32_t nr_links;
	struct space *granter[GRANT_DEPTH_MAX];
	vir_bytes start, end, source, source_end;
	uint32_t flags;
	struct lending *parent;
	bool is_device;
	/* What the owner's pages need before they can be lent: some of them anything; so many frames. */
	bool unready;
	uint32_t frames;
};

static int find_spaces(endpoint_t holder, endpoint_t owner, struct loan *loan)
{
	loan->holder = process_space(holder);
	loan->owner = process_space(owner);
	if (!loan->holder || !loan->owner)
		return -EINVAL;
	for (uint32_t i = 0; i < loan->nr_links; i++) {
		loan->granter[i] = process_space(vm_notes.chain.link[i].endpoint);
		if (!loan->granter[i])
			return -EINVAL; /* a small process is no link: nobody would notice its end */
	}
	return OK;
}

static bool place_valid(const struct vm_lend_req *request)
{
	return request->address >= PROC_MIN_ADDRESS && request->bytes > 0 &&
	       (request->address | request->owner_address | request->bytes) % PAGE_SIZE == 0 &&
	       request->address < PROC_SIZE && request->bytes <= PROC_SIZE - request->address &&
	       request->owner_address < PROC_SIZE && request->bytes <= PROC_SIZE - request->owner_address &&
	       !kept_straddles(request->address, request->address + request->bytes);
}

/* Nobody maps its own memory, neither directly nor by way of others. */
static bool comes_back(const struct loan *loan)
{
	const struct lending *lending = loan->parent;

	if (loan->owner == loan->holder)
		return true;
	for (; lending; lending = lending->parent)
		if (lending->owner == loan->holder)
			return true;
	return false;
}

/* By what its space has the region; NULL: it is its own, or a device's. */
static struct lending *had_by(const struct region *region)
{
	return region->type == REGION_LENT ? lending_of(region) : NULL;
}

static bool is_device(const struct region *region)
{
	return region->type == REGION_DEVICE;
}

/* What of a range that is lent must be the same everywhere in it. */
static bool is_of_a_kind(const struct region *a, const struct region *b)
{
	return had_by(a) == had_by(b) && is_device(a) == is_device(b) &&
	       (a->type == REGION_KEPT) == (b->type == REGION_KEPT);
}

/*
 * The whole range is there, with the rights that lending it takes; and it is the owner's own memory, or kept,
 * or a device's, or lent to it by one lending.
 */
static int check_regions(struct loan *loan)
{
	const struct regions *regions = &loan->owner->regions;
	const struct region *first = regions_find(regions, loan->source), *region = first;
	bool write = loan->flags & VM_LEND_WRITE, mixed = false;

	while (region && region_allows(region, write) && region->end < loan->source_end) {
		region = regions_find(regions, region->end);
		mixed |= region && !is_of_a_kind(region, first);
	}
	if (!region || !region_allows(region, write))
		return -EFAULT;
	loan->parent = had_by(first);
	loan->is_device = is_device(first);
	return mixed ? -EINVAL : OK;
}

static uint32_t depth_of(const struct loan *loan)
{
	return loan->nr_links + (loan->parent ? loan->parent->depth : 0);
}

static int check_source(struct loan *loan)
{
	int result = check_regions(loan);

	if (result != OK)
		return result;
	if (loan->is_device)
		loan->flags |= VM_LEND_UNMAP;
	else if (loan->parent)
		loan->flags |= loan->parent->flags & VM_LEND_UNMAP;
	return comes_back(loan) || depth_of(loan) > GRANT_DEPTH_MAX ? -ELOOP : OK;
}

/* Whether the page can be lent as it is: nobody shares it copy-on-write, and it may be lent once more. */
static bool is_ready(uint32_t entry)
{
	phys_bytes frame = entry & PTE_FRAME;

	if (entry & PTE_DEVICE)
		return true;
	return entry && !frame_shared(frame) && frame_of(frame)->lent < FRAME_COUNT_MAX;
}

/* A page that is not ready will be brought in, or copied, or both; that takes a frame at most. */
static int count_page(struct loan *loan, uint32_t entry)
{
	phys_bytes frame = entry & PTE_FRAME;

	if (!entry)
		loan->frames += !loan->is_device;
	else if (!frame_shared(frame))
		return -ENOMEM; /* it has been lent too often */
	else
		loan->frames += !frame_copy_promised(frame, entry & PTE_PAID);
	return OK;
}

/* From the first page on that is not ready. */
static int count_unready(struct loan *loan, vir_bytes page)
{
	int result = OK;

	loan->unready = true;
	for (; page < loan->source_end && result == OK; page += PAGE_SIZE) {
		const uint32_t *entry = pagetable_find(&loan->owner->pagetable, page);

		if (!entry || !is_ready(*entry))
			result = count_page(loan, entry ? *entry : 0);
	}
	return result;
}

/* What the owner's pages need, mostly nothing: only counted, for it may turn out that it can't be had. */
static int count_needs(struct loan *loan)
{
	const struct pagetable *pt = &loan->owner->pagetable;
	const uint32_t *entry = pagetable_find(pt, loan->source);
	vir_bytes page = loan->source;

	while (entry && is_ready(*entry)) {
		page += PAGE_SIZE;
		if (page == loan->source_end)
			return OK;
		entry = page % BIG_PAGE_SIZE ? entry + 1 : pagetable_find(pt, page);
	}
	return count_unready(loan, page);
}

/*
 * Whether all that mapping takes is there, at both sides, but for the record itself. What unmapping the range
 * would give back does not count. Four more pages of the pool may be taken by regions and by the record.
 */
static bool has_room(const struct loan *loan)
{
	uint32_t tables = pagetable_slot(loan->end - 1) - pagetable_slot(loan->start) + 1, owners = 0;

	if (loan->unready) {
		owners = pagetable_missing(&loan->owner->pagetable, loan->source, loan->source_end);
		if (loan->frames > frames_available() || !pagetable_may_grow(&loan->owner->pagetable, owners))
			return false;
	}
	return regions_may_change(&loan->holder->regions, loan->start, loan->end, true) &&
	       pagetable_may_grow(&loan->holder->pagetable, tables) &&
	       tables + owners + 4 <= pool_available();
}

/* Brings the owner's page and gives it a frame that is not shared copy-on-write. */
static int prepare_page(struct space *owner, vir_bytes page)
{
	int result = space_bring(owner, page, false);

	return result == OK ? space_make_own(owner, page, pagetable_find(&owner->pagetable, page)) : result;
}

static void prepare_source(const struct loan *loan)
{
	for (vir_bytes page = loan->source; page < loan->source_end; page += PAGE_SIZE)
		if (prepare_page(loan->owner, page) != OK)
			vm_panic("what it takes to lend a page was miscounted");
}

static int map_page(void *context, const struct page_pair *pair)
{
	const struct loan *loan = context;
	uint32_t same = *pair->from_entry & (PTE_FRAME | PTE_DEVICE | PTE_NO_CACHE);
	uint32_t write = loan->flags & VM_LEND_WRITE ? PTE_WRITE : 0;

	if (!(same & PTE_DEVICE))
		frame_lend(same & PTE_FRAME);
	pagetable_set(pair->to_entry, same | PTE_PRESENT | PTE_USER | PTE_LENT | write);
	return OK;
}

static void map_pages(struct loan *loan, const struct lending *lending)
{
	struct region region = {
	        .start = loan->start,
	        .end = loan->end,
	        .object = lending_object(lending),
	        .prot = VM_PROT_READ | (loan->flags & VM_LEND_WRITE ? VM_PROT_WRITE : 0),
	        .type = REGION_LENT,
	};

	if (!regions_empty(&loan->holder->regions, loan->start, loan->end))
		space_unmap(loan->holder, loan->start, loan->end);
	regions_insert(&loan->holder->regions, &region);
	if (pagetable_each_pair(&loan->owner->pagetable, loan->source, &loan->holder->pagetable, loan->start,
	                        loan->end - loan->start, map_page, loan) != OK)
		vm_panic("pages are lent without asking for room");
	vm_notes.lent_pages += lending->pages;
}

static void commit(struct loan *loan, struct lending *lending)
{
	lending->owner = loan->owner;
	lending->start = loan->start;
	lending->end = loan->end;
	lending->source = loan->source;
	lending->flags = loan->flags;
	lending->pages = (loan->end - loan->start) >> PAGE_SHIFT;
	lending->parent = loan->parent;
	lending->depth = depth_of(loan);
	for (uint32_t i = 0; i < loan->nr_links; i++)
		lending_link(lending, loan->granter[i], &vm_notes.chain.link[i]);
	lending_attach(lending);
	map_pages(loan, lending);
}

/* All that it takes is found first, the record last of all: so who is refused has changed nothing. */
static int lend(struct loan *loan)
{
	struct lending *lending;
	int result = check_source(loan);

	if (result == OK)
		result = count_needs(loan);
	if (result != OK)
		return result;
	lending = has_room(loan) ? lending_add(loan->holder) : NULL;
	if (!lending)
		return -ENOMEM;
	if (loan->unready)
		prepare_source(loan);
	commit(loan, lending);
	return OK;
}

int do_lend(endpoint_t caller, const struct vm_lend_req *request, struct vm_lend_rep *reply)
{
	struct loan loan = {
	        .nr_links = vm_notes.chain.depth,
	        .start = request->address,
	        .end = request->address + request->bytes,
	        .source = request->owner_address,
	        .source_end = request->owner_address + request->bytes,
	        .flags = request->flags,
	};
	int result;

	(void)reply;
	vmassert(loan.nr_links > 0 && loan.nr_links <= GRANT_DEPTH_MAX);
	if (!place_valid(request))
		return -EINVAL;
	result = find_spaces(caller, request->owner, &loan);
	return result == OK ? lend(&loan) : result;
}
