/* SPDX-License-Identifier: MIT */
/*
 * The end of lendings. Several may end at once, for instance one and all that were lent on from it:
 *
 *     collect   which they are, and who can pay for a snapshot
 *     unlend    their entries lose PTE_LENT and the right to write: from here on
 *               no holder writes to the owner's frames
 *     settle    each page becomes a snapshot, or goes; where it is to be shared
 *               copy-on-write its first owner's entry loses the right to write as
 *               well: the snapshot does not see what that one writes later. The
 *               regions become the holder's own memory, or go
 *     forget    the records, only when no page needs them any more
 *
 * In the range of a lending other memory of the holder's may lie by now, in as many regions as that one
 * likes, and the ranges of many lendings may overlap. So unlend and settle go through each holder's memory
 * once, from the lowest of the ranges to the highest, and come by no region twice.
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
	uint32_t count;
	uint32_t frames; /* left to be promised or filled */
};

static void begin(struct endings *endings)
{
	*endings = (struct endings){.last = &endings->first, .frames = frames_available()};
}

/* Whether the holder gets a snapshot: a frame for each page is there. */
static bool can_pay(const struct endings *endings, const struct lending *lending)
{
	return !(lending->flags & VM_LEND_UNMAP) && lending->pages <= endings->frames;
}

static void collect(struct endings *endings, struct lending *lending)
{
	if (lending->ending)
		return;
	lending->ending = true;
	lending->snapshot = can_pay(endings, lending);
	if (lending->snapshot)
		endings->frames -= lending->pages;
	lending->next_ending = NULL;
	lending_detach(lending);
	*endings->last = lending;
	endings->last = &lending->next_ending;
	endings->count++;
}

/* Those that were made of this one: each is taken out of the list. */
static void collect_children(struct endings *endings, const struct lending *parent)
{
	while (parent->children)
		collect(endings, parent->children);
}

/* ---- In order ---- */

static bool before(const struct lending *a, const struct lending *b)
{
	return a->holder == b->holder ? a->start < b->start : a->holder < b->holder;
}

static struct lending *merge(struct lending *a, struct lending *b)
{
	struct lending *first, **last = &first;

	while (a && b) {
		struct lending **least = before(b, a) ? &b : &a;

		*last = *least;
		last = &(*last)->next_ending;
		*least = *last;
	}
	*last = a ? a : b;
	return first;
}

/* The first `count` of the list, which is 1 at least, sorted. *rest: those behind them. */
static struct lending *sort(struct lending *list, uint32_t count, struct lending **rest)
{
	struct lending *low, *high;

	if (count == 1) {
		*rest = list->next_ending;
		list->next_ending = NULL;
		return list;
	}
	low = sort(list, count / 2, &high);
	return merge(low, sort(high, count - count / 2, rest));
}

/* ---- Page by page ---- */

/* A walk over the pages of all that end: where it is. */
struct step {
	const struct lending *lending;
	struct flush holder, owner; /* translations of the lending's holder, and of its first owner */
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

static void flush_of(struct flush *flush, const struct space *space)
{
	phys_bytes directory = pagetable_physical(&space->pagetable);

	if (flush->directory == directory)
		return;
	flush_end(flush);
	*flush = (struct flush){.directory = directory};
}

/* What is done to a piece: it may be another region afterwards, or none. */
typedef void piece_visitor(struct step *step, vir_bytes start, vir_bytes end);

static void visit_if_ending(struct step *step, const struct region *region, piece_visitor *visit)
{
	if (region->type != REGION_LENT || !lending_of(region)->ending)
		return;
	step->lending = lending_of(region);
	flush_of(&step->holder, step->lending->holder);
	flush_of(&step->owner, first_owner(step->lending));
	visit(step, region->start, region->end);
}

/* The list is sorted: what lies behind a lending's start and before `address` was visited already. */
static void each_piece(const struct endings *endings, piece_visitor *visit)
{
	struct step step = {.lending = NULL};
	const struct space *holder = NULL;
	vir_bytes address = 0;

	for (const struct lending *lending = endings->first; lending; lending = lending->next_ending) {
		const struct region *region;

		if (lending->holder != holder || address < lending->start)
			address = lending->start;
		holder = lending->holder;
		while ((region = regions_first(&holder->regions, address, lending->end))) {
			address = region->end;
			visit_if_ending(&step, region, visit);
		}
	}
	flush_end(&step.holder);
	flush_end(&step.owner);
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

	if (!step->lending->snapshot)
		drop_page(step, address, entry);
	else if (frame_lent(frame) || !frame_promise(frame))
		copy_page(step, address, entry);
	else
		share_page(step, address, entry);
	return OK;
}

static void unlend(struct step *step, vir_bytes start, vir_bytes end)
{
	(void)pagetable_each(&step->lending->holder->pagetable, start, end, unlend_page, step);
}

static void settle(struct step *step, vir_bytes start, vir_bytes end)
{
	struct space *holder = step->lending->holder;

	(void)pagetable_each(&holder->pagetable, start, end, settle_page, step);
	if (step->lending->snapshot)
		regions_retype(&holder->regions, start, end, kept_snapshot_type(start));
	else
		space_remove_regions(holder, start, end);
}

static void forget(const struct endings *endings)
{
	struct lending *lending = endings->first;

	while (lending) {
		struct lending *next = lending->next_ending;

		vm_notes.unlent_pages += lending->pages;
		lending_remove(lending);
		lending = next;
	}
}

static void end_all(struct endings *endings)
{
	struct lending *lending;

	for (lending = endings->first; lending; lending = lending->next_ending)
		collect_children(endings, lending);
	if (endings->count > 1)
		endings->first = sort(endings->first, endings->count, &lending);
	each_piece(endings, unlend);
	each_piece(endings, settle);
	forget(endings);
}

/* ---- Which lendings end ---- */

void lendings_revoke(struct space *granter, cp_grant_id_t grant)
{
	struct endings endings;

	begin(&endings);
	for (struct link *link = *lendings_given(granter, grant); link; link = link->next)
		if (link->grant.id == grant)
			collect(&endings, link->lending);
	end_all(&endings);
}

/* Of the list, all that show others some of [start, end) of their owner's. */
static void collect_shown(struct endings *endings, struct lending *list, vir_bytes start, vir_bytes end)
{
	struct lending *next;

	for (; list; list = next) {
		next = list->sibling;
		if (list->source < end && start < list->source + (list->end - list->start))
			collect(endings, list);
	}
}

/*
 * Of what the space has by lendings itself, of each once: its regions may be many to a lending. Whether some
 * of the range is its own.
 */
static bool collect_lent_on(struct endings *endings, const struct space *space, vir_bytes start,
                            vir_bytes end)
{
	const struct regions *regions = &space->regions;
	const struct region *region;
	bool own = false;

	for (region = regions_first(regions, start, end); region; region = regions_next(regions, region, end))
		if (region->type != REGION_LENT) {
			own = true;
		} else if (!lending_of(region)->looked_at) {
			collect_shown(endings, lending_of(region)->children, start, end);
			lending_of(region)->looked_at = true;
		}
	for (region = regions_first(regions, start, end); region; region = regions_next(regions, region, end))
		if (region->type == REGION_LENT)
			lending_of(region)->looked_at = false;
	return own;
}

void lendings_end_range(struct space *owner, vir_bytes start, vir_bytes end)
{
	struct endings endings;

	begin(&endings);
	if (collect_lent_on(&endings, owner, start, end))
		collect_shown(&endings, owner->lendings.lent, start, end);
	end_all(&endings);
}

/* All that depend on the space as owner or go-between; but for those of which `but` is the owner. */
static void collect_given(struct endings *endings, const struct space *space, const struct space *but)
{
	for (uint32_t i = 0; i < GIVEN_LISTS; i++)
		for (struct link *link = space->lendings.given[i]; link; link = link->next)
			if (link->lending->owner != but)
				collect(endings, link->lending);
}

void lendings_end_passed_on(struct space *space)
{
	struct endings endings;

	begin(&endings);
	collect_given(&endings, space, space);
	end_all(&endings);
}

void lendings_inherit(struct space *space)
{
	for (uint32_t i = 0; i < GIVEN_LISTS; i++)
		for (struct link *link = space->lendings.given[i]; link; link = link->next) {
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
	struct endings endings;

	if (space->lendings.has_given) {
		begin(&endings);
		collect_given(&endings, space, NULL);
		end_all(&endings);
	}
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
	vir_bytes address;
	uint32_t pages;

	(void)reply;
	if (!space)
		return -EDEADSRCDST;
	piece = regions_find(&space->regions, request->address);
	if (!piece || piece->type != REGION_LENT)
		return -EINVAL;
	lending = lending_of(piece);
	address = lending->start;
	pages = lending->pages;
	for (;;) {
		pages -= (piece->end - piece->start) >> PAGE_SHIFT;
		space_unmap(space, piece->start, piece->end);
		if (!pages)
			return OK; /* and the last piece has taken the record with it */
		piece = lending_piece(lending, address);
		address = piece->end;
	}
}
