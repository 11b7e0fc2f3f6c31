/* SPDX-License-Identifier: MIT */
#include "vm_check.h"

#include <stdlib.h>
#include <string.h>

#include "servers/vm/frames.h"
#include "servers/vm/kept.h"
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
	uint32_t lendings, links; /* those that are held, and their links */
	uint32_t listed, given;   /* those that are among siblings, and in lists of what was given */
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
	if (kept_straddles(region->start, region->end))
		return "a region is in the kept range, and outside it";
	if (kept_touches(region->start, region->end)
	            ? region->type != REGION_KEPT && region->type != REGION_LENT
	            : region->type == REGION_KEPT)
		return "a region is kept outside the kept range, or not kept there";
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
	if (entry & PTE_DEVICE)
		return region->type == REGION_DEVICE || region->type == REGION_LENT
		               ? NULL
		               : "an entry is a device's, its region is not";
	if (number < frames.first || number >= frames.first + frames.count)
		return "an entry holds no frame of ours";
	if (!(entry & PTE_PRESENT) != (region->prot == 0))
		return "an entry is present though its region has no rights, or the other way round";
	if (entry & PTE_WRITE && !(region->prot & VM_PROT_WRITE))
		return "an entry is writable, its region is not";
	if (entry & PTE_WRITE && !(entry & PTE_LENT) && frame_shared(entry & PTE_FRAME))
		return "an entry is writable, though others share the frame";
	if (!(entry & PTE_LENT) != (region->type != REGION_LENT))
		return "an entry is lent in memory that is not, or the other way round";
	if (entry & PTE_PAID && entry & (PTE_WRITE | PTE_LENT))
		return "an entry was paid for, and does not share";
	if (!(entry & PTE_USER))
		return "an entry is not the process's";
	return NULL;
}

/* What page tables refer to, by frame. */
static struct count {
	uint32_t references, lent, paid;
} * counts;

static struct count *count_of(phys_bytes frame)
{
	return &counts[frame_of(frame) - frames.table];
}

static const char *check_table(struct space *space, vir_bytes start)
{
	uint32_t *entry = pagetable_find(&space->pagetable, start);

	for (vir_bytes address = start; address < start + BIG_PAGE_SIZE; address += PAGE_SIZE, entry++) {
		if (!*entry)
			continue;
		TRY(check_entry(regions_find(&space->regions, address), *entry));
		if (*entry & PTE_DEVICE)
			continue;
		count_of(*entry & PTE_FRAME)->references++;
		count_of(*entry & PTE_FRAME)->lent += (*entry & PTE_LENT) != 0;
		count_of(*entry & PTE_FRAME)->paid += (*entry & PTE_PAID) != 0;
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

/* ---- Kept memory ---- */

/* No two kept regions that differ in their object have the same name, and each that has an object has one. */
static const char *check_names(const struct space *space)
{
	const struct region *a, *b;

	for (a = regions_first(&space->regions, KEPT_BASE, KEPT_END); a;
	     a = regions_next(&space->regions, a, KEPT_END)) {
		if (a->type != REGION_KEPT || !a->object)
			continue;
		if (!space->kept || a->object > KEPT_NAMES_MAX || !kept_name(space, a)[0] ||
		    !memchr(kept_name(space, a), 0, VM_KEEP_NAME_MAX))
			return "kept memory has no name";
		for (b = regions_first(&space->regions, KEPT_BASE, KEPT_END); b;
		     b = regions_next(&space->regions, b, KEPT_END))
			if (a->object != b->object && strcmp(kept_name(space, a), kept_name(space, b)) == 0)
				return "two that are kept have the same name";
	}
	return NULL;
}

static const char *check_estate(const struct space *estate)
{
	if (!kept_any(estate))
		return "an estate has nothing that was kept";
	if (!regions_empty(&estate->regions, 0, KEPT_BASE) ||
	    !regions_empty(&estate->regions, KEPT_END, PROC_SIZE))
		return "an estate has more than was kept";
	if (process_find(estate->endpoint))
		return "an estate was left by somebody who lives";
	if (process_find(estate->kept->heir) && estate_of_heir(estate->kept->heir) != estate)
		return "one is the heir of two";
	for (const struct space *other = estates; other != estate; other = other->kept->next)
		if (other->endpoint == estate->endpoint)
			return "two estates were left by one";
	for (uint32_t i = 0; i < GIVEN_LISTS; i++)
		for (const struct link *link = estate->lendings.given[i]; link; link = link->next)
			if (link->lending->owner != estate)
				return "an estate passes something on";
	return NULL;
}

/* ---- Spaces ---- */

static const char *check_space(struct space *space, struct census *census)
{
	TRY(check_regions(&space->regions));
	TRY(check_tables(space));
	TRY(check_names(space));
	census->table_pages += space->pagetable.pages;
	census->own_pages += 1 + space->regions.nr_leaves + (space->kept != NULL);
	return NULL;
}

/* All spaces that there are. */
static const char *each_space(const char *check(struct space *space, struct census *census),
                              struct census *census)
{
	for (uint32_t slot = 0; slot < ENDPOINT_SLOTS; slot++)
		if (process_slot(slot)->space)
			TRY(check(process_slot(slot)->space, census));
	for (struct space *estate = estates; estate; estate = estate->kept->next)
		TRY(check(estate, census));
	return NULL;
}

static const char *check_estates(void)
{
	for (const struct space *estate = estates; estate; estate = estate->kept->next)
		TRY(check_estate(estate));
	return NULL;
}

/* ---- Frames and pool ---- */

static void clear_counts(void)
{
	free(counts);
	counts = calloc(frames.count, sizeof(counts[0]));
	for (uint32_t page = 0; page < archive_bytes(); page += PAGE_SIZE)
		count_of(archive_start() + page)->references = 1;
}

/* Each reference paid for has its promise; but if there are no others the last one needs none. */
static uint32_t promises(const struct count *count)
{
	uint32_t others = count->references - count->lent - 1;

	return count->paid < others ? count->paid : others;
}

static const char *check_frame(const struct frame *frame, const struct count *count)
{
	if (frame->references != count->references)
		return "a frame's references are miscounted";
	if (!frame->references)
		return NULL;
	if (frame->lent != count->lent)
		return "a frame's lent references are miscounted";
	if (frame->lent && frame->references != frame->lent + 1u)
		return "a frame is lent, and not its owner's alone";
	return frame->promised == promises(count) ? NULL : "a frame's promises are not those paid for";
}

static const char *check_counts(void)
{
	uint32_t used = 0, promised = 0;

	for (uint32_t i = 0; i < frames.count; i++) {
		TRY(check_frame(&frames.table[i], &counts[i]));
		if (!frames.table[i].references)
			continue;
		used++;
		promised += frames.table[i].promised;
	}
	if (promised != frames.promised || promised > frames.free)
		return "promised frames are miscounted, or not there";
	return used + frames.free == frames.above ? NULL : "frames have been lost";
}

/* ---- Lendings ---- */

static const char *check_owner_page(const struct lending *lending, vir_bytes page)
{
	uint32_t *mine = pagetable_find(&lending->holder->pagetable, page);
	uint32_t *owners =
	        pagetable_find(&lending->owner->pagetable, lending->source + (page - lending->start));

	if (!mine || !owners || (*mine & PTE_FRAME) != (*owners & PTE_FRAME))
		return "holder and owner of a page do not see the same";
	return *mine & PTE_WRITE && !(lending->flags & VM_LEND_WRITE)
	               ? "a page is lent read-only and writable"
	               : NULL;
}

static const char *check_pieces(const struct lending *lending)
{
	const struct region *piece;
	uint32_t pages = 0;

	for (piece = lending_piece(lending, lending->start); piece;
	     piece = lending_piece(lending, piece->end)) {
		if (piece->start < lending->start || piece->end > lending->end)
			return "a lent region is not within its lending";
		for (vir_bytes page = piece->start; page < piece->end; page += PAGE_SIZE, pages++)
			TRY(check_owner_page(lending, page));
	}
	return pages && pages == lending->pages ? NULL : "the pages of a lending are miscounted";
}

/* What it depends on: the owner's region, and one link for each that gave a grant. */
static const char *check_chain(const struct lending *lending)
{
	struct region *source = (struct region *)regions_find(&lending->owner->regions, lending->source);
	uint32_t above = lending->parent ? lending->parent->depth : 0;

	if (lending->nr_links == 0 || lending->depth != lending->nr_links + above ||
	    lending->depth > GRANT_DEPTH_MAX)
		return "a chain is too long, or miscounted";
	if (lending->link[lending->nr_links - 1].lending != lending || lending->ending || lending->looked_at)
		return "a lending is in the middle of its end";
	if (!source || (source->type == REGION_LENT) != (lending->parent != NULL))
		return "a lending has not the parent that its source has";
	return source->type != REGION_LENT || lending_of(source) == lending->parent
	               ? NULL
	               : "a lending has the wrong parent";
}

static const char *check_given(struct space *space, struct census *census)
{
	for (uint32_t i = 0; i < GIVEN_LISTS; i++)
		for (const struct link *link = space->lendings.given[i]; link; link = link->next) {
			census->given++;
			if (*link->back != link || link->lending->holder == NULL)
				return "a link is broken";
			if (link->grant.endpoint != space->endpoint || !space->lendings.has_given)
				return "a link is not its giver's";
			if (link->grant.id != GRANT_INHERITED &&
			    lendings_given(space, link->grant.id) != &space->lendings.given[i])
				return "a link is in the wrong list";
		}
	return NULL;
}

/* Those that the space has lent of its own memory, or of what it has by `parent`. */
static const char *check_siblings(const struct space *space, const struct lending *parent, uint32_t *count)
{
	const struct lending *lending = parent ? parent->children : space->lendings.lent;

	for (; lending; lending = lending->sibling, ++*count)
		if (*lending->in_siblings != lending || lending->owner != space || lending->parent != parent)
			return "a lending is not among its siblings";
	return NULL;
}

static const char *check_lent(const struct space *space, struct census *census)
{
	uint32_t count = 0;

	TRY(check_siblings(space, NULL, &count));
	for (const struct lending *lending = space->lendings.held; lending; lending = lending->next)
		TRY(check_siblings(space, lending, &count));
	census->listed += count;
	return count == space->lendings.nr_lent ? NULL : "what a space has lent is miscounted";
}

static const char *check_lendings(const struct space *space, struct census *census)
{
	for (const struct lending *lending = space->lendings.held; lending; lending = lending->next) {
		if (lending->holder != space || *lending->back != lending)
			return "a lending is not its holder's";
		census->lendings++;
		census->links += lending->nr_links;
		TRY(check_chain(lending));
		TRY(check_pieces(lending));
	}
	census->own_pages += space->lendings.nr_pages;
	return NULL;
}

/* Every lent region belongs to a lending of this space. */
static const char *check_lent_regions(struct space *space)
{
	const struct region *region;

	for (region = regions_from(&space->regions, 0); region;
	     region = regions_from(&space->regions, region->end))
		if (region->type == REGION_LENT && lending_of(region)->holder != space)
			return "a lent region has no lending";
	return NULL;
}

static const char *check_space_lendings(struct space *space, struct census *census)
{
	TRY(check_lent_regions(space));
	TRY(check_given(space, census));
	TRY(check_lent(space, census));
	return check_lendings(space, census);
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
	TRY(each_space(check_space, &census));
	TRY(check_estates());
	TRY(check_counts());
	TRY(each_space(check_space_lendings, &census));
	if (census.listed != census.lendings || census.given != census.links)
		return "lendings or links are in no list, or in two";
	TRY(check_free_list());
	return check_account(&census);
}
