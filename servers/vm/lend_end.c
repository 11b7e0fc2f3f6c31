/* SPDX-License-Identifier: MIT */
/*
 * The end of lendings. Several may end at once, for instance one and all that were lent on from it:
 *
 *     collect   which they are
 *     unlend    their entries lose PTE_LENT and the right to write: from here on
 *               no holder writes to the owner's frames
 *     settle    each page becomes a snapshot, or goes; where it is to be shared
 *               copy-on-write its first owner's entry loses the right to write as
 *               well: the snapshot does not see what that one writes later
 *     retire    the regions become the holder's own memory, or go; the records
 *               are forgotten
 *
 * VM may be interrupted in the middle of it. Others may then see some pages before and some after the change;
 * that is allowed until the call that ends the lendings has returned.
 */
#include <granite/abi/vm.h>

#include "frames.h"
#include "kept.h"
#include "lend.h"
#include "notes.h"
#include "process.h"
#include "types.h"
#include "vm.h"

struct endings {
	struct lending *first, **last;
};

static void collect(struct endings *endings, struct lending *lending)
{
	if (lending->ending)
		return;
	lending->ending = true;
	lending->next_ending = NULL;
	*endings->last = lending;
	endings->last = &lending->next_ending;
}

/* The lendings that its holder has made of what it holds by this one. */
static void collect_children(struct endings *endings, const struct lending *parent)
{
	for (struct link *link = parent->holder->lendings.given; link; link = link->next)
		if (link->lending->parent == parent)
			collect(endings, link->lending);
}

/* What a step does to each page of a lending that its holder still has. */
struct step {
	const struct lending *lending;
	bool snapshot;
	struct flush holder, owner;
};

static vir_bytes source_of(const struct lending *lending, vir_bytes address)
{
	return lending->source + (address - lending->start);
}

/* Whose memory it is in the end: the space that has it by no lending. */
static const struct space *first_owner(const struct lending *lending)
{
	while (lending->parent)
		lending = lending->parent;
	return lending->owner;
}

static void each_page(struct step *step, pagetable_visitor *visit)
{
	const struct lending *lending = step->lending;
	const struct region *piece;

	step->holder = (struct flush){.directory = pagetable_physical(&lending->holder->pagetable)};
	step->owner = (struct flush){.directory = pagetable_physical(&first_owner(lending)->pagetable)};
	for (piece = lending_piece(lending, lending->start); piece;
	     piece = lending_piece(lending, piece->end))
		(void)pagetable_each(&lending->holder->pagetable, piece->start, piece->end, visit, step);
	flush_end(&step->holder);
	flush_end(&step->owner);
}

static int unlend_page(void *context, vir_bytes address, uint32_t *entry)
{
	struct step *step = context;
	uint32_t old = *entry;

	pagetable_set(entry, old & ~(PTE_LENT | PTE_WRITE));
	if (old & PTE_WRITE)
		flush_page(&step->holder, address);
	if (!(old & PTE_DEVICE))
		frame_unlend(old & PTE_FRAME);
	return OK;
}

static void drop_page(struct step *step, vir_bytes address, uint32_t *entry)
{
	uint32_t old = *entry;

	pagetable_set(entry, 0);
	if (old & PTE_PRESENT)
		flush_page(&step->holder, address);
	if (!(old & PTE_DEVICE))
		frame_release(old & PTE_FRAME, false);
}

/*
 * The next write of the first owner, who has the page by no lending, finds out that the frame is shared.
 * Those between it and the holder have lost the right to write already, and may lose the page.
 */
static void protect_from_owner(struct step *step, vir_bytes address)
{
	const struct lending *lending = step->lending;
	vir_bytes source = source_of(lending, address);
	uint32_t *entry;

	for (; lending->parent; source = source_of(lending, source))
		lending = lending->parent;
	entry = pagetable_find(&lending->owner->pagetable, source);
	vmassert(entry && *entry);
	if (!(*entry & PTE_WRITE))
		return;
	pagetable_set(entry, *entry & ~PTE_WRITE);
	flush_page(&step->owner, source);
}

static void share_page(struct step *step, vir_bytes address, uint32_t *entry)
{
	pagetable_set(entry, *entry | PTE_PAID);
	protect_from_owner(step, address);
}

static void copy_page(struct step *step, vir_bytes address, uint32_t *entry)
{
	phys_bytes frame = *entry & PTE_FRAME, copy = frame_allocate();

	if (!copy)
		vm_panic("a snapshot was not paid for");
	note_add(NOTE_COPY, frame, copy);
	pagetable_set(entry, copy | (*entry & ~PTE_FRAME));
	flush_page(&step->holder, address);
	frame_release(frame, false);
}

static int settle_page(void *context, vir_bytes address, uint32_t *entry)
{
	struct step *step = context;
	phys_bytes frame = *entry & PTE_FRAME;

	if (!step->snapshot)
		drop_page(step, address, entry);
	else if (frame_lent(frame) || !frame_promise(frame))
		copy_page(step, address, entry);
	else
		share_page(step, address, entry);
	return OK;
}

/* Whether the holder gets a snapshot: a frame for each page is there, to be promised or filled. */
static bool can_pay(const struct lending *lending)
{
	return !(lending->flags & VM_LEND_UNMAP) && lending->pages <= frames_available();
}

static void retire(struct lending *lending, bool snapshot)
{
	struct space *holder = lending->holder;
	const struct region *piece;

	while ((piece = lending_piece(lending, lending->start)))
		if (snapshot)
			regions_retype(&holder->regions, piece->start, piece->end,
			               kept_snapshot_type(piece->start));
		else
			space_remove_regions(holder, piece->start, piece->end);
	vm_notes.unlent_pages += lending->pages;
	lending_remove(lending);
}

static void settle(struct lending *lending)
{
	struct step step = {.lending = lending, .snapshot = can_pay(lending)};

	each_page(&step, settle_page);
	retire(lending, step.snapshot);
}

/* Settles what was lent on before what it was lent on from: it needs that one's record and pages. */
static void settle_all(struct endings *endings)
{
	for (uint32_t depth = GRANT_DEPTH_MAX; depth > 0; depth--) {
		struct lending **place = &endings->first, *lending;

		while ((lending = *place)) {
			if (lending->depth != depth) {
				place = &lending->next_ending;
				continue;
			}
			*place = lending->next_ending;
			settle(lending);
		}
	}
}

static void end_all(struct endings *endings)
{
	struct lending *lending;

	for (lending = endings->first; lending; lending = lending->next_ending)
		collect_children(endings, lending);
	for (lending = endings->first; lending; lending = lending->next_ending) {
		struct step step = {.lending = lending};

		each_page(&step, unlend_page);
	}
	settle_all(endings);
}

/* ---- Which lendings end ---- */

void lendings_revoke(struct space *granter, cp_grant_id_t grant)
{
	struct endings endings = {.last = &endings.first};

	for (struct link *link = granter->lendings.given; link; link = link->next)
		if (link->grant.id == grant)
			collect(&endings, link->lending);
	end_all(&endings);
}

static bool shows(const struct lending *lending, const struct space *owner, vir_bytes start, vir_bytes end)
{
	return lending->owner == owner && lending->source < end &&
	       start < lending->source + (lending->end - lending->start);
}

void lendings_end_range(struct space *owner, vir_bytes start, vir_bytes end)
{
	struct endings endings = {.last = &endings.first};

	for (struct link *link = owner->lendings.given; link; link = link->next)
		if (shows(link->lending, owner, start, end))
			collect(&endings, link->lending);
	end_all(&endings);
}

void lendings_end_passed_on(struct space *space)
{
	struct endings endings = {.last = &endings.first};

	for (struct link *link = space->lendings.given; link; link = link->next)
		if (link->lending->owner != space)
			collect(&endings, link->lending);
	end_all(&endings);
}

void lendings_inherit(struct space *space)
{
	for (struct link *link = space->lendings.given; link; link = link->next) {
		link->grant.id = GRANT_INHERITED;
		link->grant.endpoint = space->endpoint;
	}
}

void lendings_unmapped(struct space *holder, vir_bytes start, vir_bytes end)
{
	const struct region *region = regions_first(&holder->regions, start, end);

	for (; region; region = regions_next(&holder->regions, region, end)) {
		struct lending *lending;
		uint32_t pages;

		if (region->type != REGION_LENT)
			continue;
		lending = lending_of(region);
		pages = ((region->end < end ? region->end : end) -
		         (region->start > start ? region->start : start)) >>
		        PAGE_SHIFT;
		vm_notes.unlent_pages += pages;
		lending->pages -= pages;
		if (!lending->pages)
			lending_remove(lending);
	}
}

void lendings_leave(struct space *space)
{
	struct endings endings = {.last = &endings.first};

	for (struct link *link = space->lendings.given; link; link = link->next)
		collect(&endings, link->lending);
	end_all(&endings);
	while (space->lendings.held) {
		vm_notes.unlent_pages += space->lendings.held->pages;
		lending_remove(space->lendings.held);
	}
	lendings_free_records(&space->lendings);
}

/* ---- The calls ---- */

static int revoke_address(struct space *space, vir_bytes address)
{
	vir_bytes page = page_down(address);

	if (address >= PROC_SIZE)
		return -EINVAL;
	lendings_end_range(space, page, page + PAGE_SIZE);
	return OK;
}

int do_revoke(endpoint_t caller, const struct vm_revoke_req *request, struct vm_revoke_rep *reply)
{
	struct space *space = process_space(caller);

	(void)reply;
	if (!space)
		return OK; /* a small process: nothing was ever mapped by a grant of its */
	switch (request->what) {
	case VM_REVOKE_GRANT:
		lendings_revoke(space, request->grant);
		return OK;
	case VM_REVOKE_ADDRESS:
		return revoke_address(space, request->address);
	default:
		return -EINVAL;
	}
}

int do_unlend(endpoint_t caller, const struct vm_unlend_req *request, struct vm_unlend_rep *reply)
{
	struct space *space = process_space(caller);
	const struct region *piece;
	struct lending *lending;
	uint32_t pages;

	(void)reply;
	if (!space)
		return -EDEADSRCDST;
	piece = regions_find(&space->regions, request->address);
	if (!piece || piece->type != REGION_LENT)
		return -EINVAL;
	lending = lending_of(piece);
	pages = lending->pages;
	do {
		pages -= (piece->end - piece->start) >> PAGE_SHIFT;
		space_unmap(space, piece->start, piece->end);
		/* The last piece takes the record with it. */
	} while (pages > 0 && (piece = lending_piece(lending, lending->start)));
	return OK;
}
