/* SPDX-License-Identifier: MIT */
#include "grants_model.h"

#include <stdlib.h>
#include <string.h>

#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/abi/vm.h>

#define WINDOW                 (0x40000000u - WINDOW_PAGES / 2 * PAGE_SIZE)
#define TEXT                   0x08048000u
#define TABLE                  0x30000000u
#define KEPT                   (KEPT_BASE + BIG_PAGE_SIZE - KEPT_PAGES / 2 * PAGE_SIZE)
#define CELLS                  ((PEOPLE + LEFT) * PAGES + 1)
#define LENTS                  ((PEOPLE + LEFT) * PAGES)

#define CHECK_MODEL(condition) ((condition) ? (void)0 : model_wrong("not so: %s", #condition))

struct person people[PEOPLE], left[LEFT];
static struct cell cells[CELLS];
static struct lent lents[LENTS];

#define MEANWHILE_MAX 1000

/* Of VM's work under way. */
static struct {
	uint32_t frames, other_needs;
	uint32_t nr_writes;
	struct {
		const struct cell *cell;
		uint32_t word, old, new;
	} write[MEANWHILE_MAX];
} meanwhile;

void model_start(void)
{
	memset(people, 0, sizeof(people));
	memset(cells, 0, sizeof(cells));
	memset(lents, 0, sizeof(lents));
	memset(left, 0, sizeof(left));
	for (int i = 0; i < PEOPLE; i++)
		people[i].endpoint = NONE;
	for (int i = 0; i < LEFT; i++)
		left[i].endpoint = NONE;
}

/* ---- Pages and words ---- */

vir_bytes page_address(uint32_t page)
{
	if (page < WINDOW_PAGES)
		return WINDOW + page * PAGE_SIZE;
	if (page >= KEPT_FIRST)
		return KEPT + (page - KEPT_FIRST) * PAGE_SIZE;
	return page == TABLE_PAGE ? TABLE : TEXT + (page - WINDOW_PAGES) * PAGE_SIZE;
}

uint32_t page_at(vir_bytes address)
{
	vir_bytes start = address & ~(PAGE_SIZE - 1);

	for (uint32_t page = 0; page < PAGES; page++)
		if (page_address(page) == start)
			return page;
	return PAGES;
}

struct person *person_of(endpoint_t endpoint)
{
	for (int i = 0; i < PEOPLE; i++)
		if (people[i].endpoint == endpoint && endpoint != NONE)
			return &people[i];
	return NULL;
}

bool may(const struct page *page, bool write)
{
	return page->mapped && (write ? (page->prot & VM_PROT_WRITE) != 0 : page->prot != 0);
}

static uint32_t word_at(vir_bytes address)
{
	return address % PAGE_SIZE / WORD_STRIDE;
}

uint32_t *model_word(struct person *p, vir_bytes address)
{
	return &p->page[page_at(address)].cell->word[word_at(address)];
}

static struct cell *new_cell(void)
{
	for (int i = 0; i < CELLS; i++) {
		if (cells[i].users)
			continue;
		cells[i] = (struct cell){.users = 1};
		return &cells[i];
	}
	model_wrong("there are more cells than pages");
}

static void drop_page(struct page *page)
{
	if (!page->mapped)
		return;
	page->cell->users--;
	if (page->lent && !--page->lent->left)
		page->lent->pages = 0;
	memset(page, 0, sizeof(*page));
}

/* ---- Writes while VM was at work ---- */

void model_vm_begins(uint32_t frames, uint32_t other_needs)
{
	meanwhile.frames = frames;
	meanwhile.other_needs = other_needs;
	meanwhile.nr_writes = 0;
}

bool model_writes_left(void)
{
	return meanwhile.nr_writes < MEANWHILE_MAX;
}

void model_write_meanwhile(struct person *p, vir_bytes address, uint32_t value)
{
	uint32_t n = meanwhile.nr_writes++, *word = model_word(p, address);

	meanwhile.write[n].cell = p->page[page_at(address)].cell;
	meanwhile.write[n].word = word_at(address);
	meanwhile.write[n].old = *word;
	meanwhile.write[n].new = value;
	*word = value;
}

bool model_was_written(const struct cell *cell, uint32_t word, uint32_t value)
{
	for (uint32_t n = 0; n < meanwhile.nr_writes; n++)
		if (meanwhile.write[n].cell == cell && meanwhile.write[n].word == word &&
		    (meanwhile.write[n].old == value || meanwhile.write[n].new == value))
			return true;
	return false;
}

/* The page goes its own way from now on, with what it showed when VM was about it. */
static void part(struct person *p, struct page *page, const struct cell *from)
{
	struct cell *own = new_cell();
	vir_bytes address = page_address((uint32_t)(page - p->page));

	for (uint32_t i = 0; i < PAGE_WORDS; i++) {
		const uint32_t *now = model_contents(p->endpoint, address + i * WORD_STRIDE);

		own->word[i] = now && model_was_written(from, i, *now) ? *now : from->word[i];
		if (now && *now != own->word[i])
			model_wrong("%d: word %u of its page at %x is %x, should be %x", p->endpoint, i,
			            address, *now, own->word[i]);
	}
	page->cell = own;
}

/* ---- The end of what was lent ---- */

static void mark_children(void)
{
	for (bool more = true; more;) {
		more = false;
		for (struct lent *lent = lents; lent < lents + LENTS; lent++) {
			if (!lent->pages || lent->ends || !lent->parent || !lent->parent->ends)
				continue;
			lent->ends = more = true;
		}
	}
}

/* What VM has decided: whether the holder has a snapshot now. It must be so for all pages. */
static bool has_kept(const struct lent *lent)
{
	uint32_t kept = 0;

	for (uint32_t page = 0; page < PAGES; page++)
		if (lent->holder->page[page].lent == lent)
			kept += model_contents(lent->holder->endpoint, page_address(page)) != NULL;
	CHECK_MODEL(kept == 0 || kept == lent->left);
	return kept > 0;
}

static void settle(struct lent *lent, uint32_t needed)
{
	bool kept = has_kept(lent);

	if (lent->unmap)
		CHECK_MODEL(!kept);
	else if (!kept)
		CHECK_MODEL(needed + meanwhile.other_needs > meanwhile.frames);
	for (uint32_t i = 0; i < PAGES; i++) {
		struct page *page = &lent->holder->page[i];

		if (page->lent != lent)
			continue;
		if (kept) {
			struct cell *common = page->cell;

			part(lent->holder, page, common);
			common->users--;
			page->lent = NULL;
		} else {
			drop_page(page);
		}
	}
	lent->pages = 0;
}

/* All that is marked. `leaving` has nothing any more that could be looked at before page `stays`. */
static void end_marked(const struct person *leaving, uint32_t stays)
{
	uint32_t needed = 0;

	mark_children();
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		if (lent->pages && lent->ends)
			needed += lent->left;
	for (struct lent *lent = lents; lent < lents + LENTS; lent++) {
		if (lent->pages && lent->ends && (lent->holder != leaving || lent->start >= stays))
			settle(lent, needed);
		lent->ends = false;
	}
}

void model_revoke(struct person *granter, cp_grant_id_t id)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		for (uint32_t i = 0; lent->pages && i < lent->nr_links; i++)
			lent->ends |= lent->link[i].id == id && lent->link[i].endpoint == granter->endpoint;
	end_marked(NULL, 0);
}

static void mark_range(const struct person *owner, uint32_t first, uint32_t pages)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		lent->ends |= lent->pages && lent->owner == owner && lent->source < first + pages &&
		              first < lent->source + lent->pages;
}

static void end_range(const struct person *owner, uint32_t first, uint32_t pages)
{
	mark_range(owner, first, pages);
	end_marked(NULL, 0);
}

void model_revoke_page(struct person *owner, uint32_t page)
{
	end_range(owner, page, 1);
}

void model_leave(struct person *p)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		for (uint32_t i = 0; lent->pages && i < lent->nr_links; i++)
			lent->ends |= lent->link[i].endpoint == p->endpoint;
	end_marked(p, PAGES);
	for (uint32_t i = 0; i < PAGES; i++)
		drop_page(&p->page[i]);
	memset(p->grant, 0, sizeof(p->grant));
}

static bool is_of_kept(const struct lent *lent, const struct person *p)
{
	return lent->owner == p && lent->source >= KEPT_FIRST;
}

/* What lies in the kept range, and what is lent to it there and from there. */
static void move_kept(struct person *from, struct person *to)
{
	memcpy(&to->page[KEPT_FIRST], &from->page[KEPT_FIRST], KEPT_PAGES * sizeof(from->page[0]));
	memset(&from->page[KEPT_FIRST], 0, KEPT_PAGES * sizeof(from->page[0]));
	for (struct lent *lent = lents; lent < lents + LENTS; lent++) {
		if (lent->pages && lent->holder == from)
			lent->holder = to;
		if (lent->pages && lent->owner == from)
			lent->owner = to;
	}
}

void model_leave_kept(struct person *p, struct person *to)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		for (uint32_t i = 0; lent->pages && i < lent->nr_links; i++)
			lent->ends |= lent->link[i].endpoint == p->endpoint && !is_of_kept(lent, p);
	end_marked(p, KEPT_FIRST);
	for (uint32_t i = 0; i < KEPT_FIRST; i++)
		drop_page(&p->page[i]);
	*to = (struct person){.endpoint = p->endpoint, .heir = NONE};
	move_kept(p, to);
}

void model_inherit(struct person *heir, struct person *from, endpoint_t left_by)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		for (uint32_t i = 0; lent->pages && i < lent->nr_links; i++)
			if (lent->link[i].endpoint == left_by)
				lent->link[i] = (struct grant_link){.id = GRANT_INHERITED,
				                                    .endpoint = heir->endpoint};
	move_kept(from, heir);
	from->endpoint = NONE;
}

/* ---- What processes do to their own memory ---- */

void model_unmap(struct person *p, uint32_t first, uint32_t pages)
{
	end_range(p, first, pages);
	for (uint32_t i = first; i < first + pages; i++)
		drop_page(&p->page[i]);
}

void model_map(struct person *p, uint32_t first, uint32_t pages, uint32_t prot)
{
	model_unmap(p, first, pages);
	for (uint32_t i = first; i < first + pages; i++)
		p->page[i] = (struct page){.mapped = true, .prot = prot, .cell = new_cell()};
}

void model_unlend(struct person *holder, struct lent *lent)
{
	for (uint32_t i = 0; i < PAGES; i++)
		if (holder->page[i].lent == lent)
			mark_range(holder, i, 1);
	end_marked(NULL, 0);
	for (uint32_t i = 0; i < PAGES; i++)
		if (holder->page[i].lent == lent)
			drop_page(&holder->page[i]);
}

void model_fork(struct person *parent, struct person *child)
{
	for (uint32_t i = 0; i < KEPT_FIRST; i++) {
		const struct page *page = &parent->page[i];

		if (!page->mapped || (page->lent && page->lent->unmap))
			continue;
		child->page[i] = (struct page){.mapped = true, .prot = page->prot};
		part(child, &child->page[i], page->cell);
	}
}

/* ---- Lending ---- */

uint32_t model_depth(const struct lent *lent)
{
	return lent ? lent->nr_links + model_depth(lent->parent) : 0;
}

static bool has_owned(const struct person *holder, const struct lent *lent)
{
	return lent && (lent->owner == holder || has_owned(holder, lent->parent));
}

int model_may_lend(const struct person *holder, const struct verdict *verdict, uint32_t pages, bool write)
{
	uint32_t source = page_at(verdict->address);
	const struct page *first = &verdict->owner->page[source];
	const struct lent *parent = source < PAGES ? first->lent : NULL;

	for (uint32_t i = 0; i < pages; i++)
		if (source + i >= PAGES || page_address(source + i) != verdict->address + i * PAGE_SIZE ||
		    !may(&first[i], write))
			return -EFAULT;
	for (uint32_t i = 0; i < pages; i++)
		if (first[i].lent != parent)
			return -EINVAL;
	if (verdict->owner == holder || has_owned(holder, parent) ||
	    verdict->nr_links + model_depth(parent) > GRANT_DEPTH_MAX)
		return -ELOOP;
	return OK;
}

static struct lent *new_lent(void)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		if (!lent->pages)
			return lent;
	model_wrong("more is lent than there are pages");
}

void model_lend(struct person *holder, const struct verdict *verdict, uint32_t page, uint32_t pages,
                bool write)
{
	uint32_t source = page_at(verdict->address);
	struct lent *lent;

	model_unmap(holder, page, pages);
	lent = new_lent();
	*lent = (struct lent){
	        .pages = pages,
	        .left = pages,
	        .holder = holder,
	        .owner = verdict->owner,
	        .start = page,
	        .source = source,
	        .write = write,
	        .parent = verdict->owner->page[source].lent,
	        .nr_links = verdict->nr_links,
	};
	lent->unmap = verdict->flags & CPF_UNMAP || (lent->parent && lent->parent->unmap);
	memcpy(lent->link, verdict->link, sizeof(lent->link));
	for (uint32_t i = 0; i < pages; i++) {
		struct cell *cell = verdict->owner->page[source + i].cell;

		cell->users++;
		holder->page[page + i] = (struct page){
		        .mapped = true,
		        .prot = VM_PROT_READ | (write ? VM_PROT_WRITE : 0),
		        .cell = cell,
		        .lent = lent,
		};
	}
}

/* ---- Judging ---- */

static const struct cp_grant *grant_of(const struct person *granter, cp_grant_id_t id)
{
	for (uint32_t i = 0; i < GRANTS; i++)
		if (granter->grant[i].id == id && id > 0)
			return &granter->grant[i];
	return NULL;
}

static bool gives(const struct cp_grant *grant, const struct wish *wish, bool to_caller)
{
	bool named = grant->who_to == wish->caller ||
	             (grant->who_to == ANY && to_caller && !(wish->rights & CPF_MAP));

	return named && (wish->rights & ~grant->flags) == 0 &&
	       (uint64_t)wish->offset + wish->bytes <= grant->bytes;
}

static bool whole_pages(const struct cp_grant *grant)
{
	return grant->start % PAGE_SIZE == 0 && (grant->bytes % PAGE_SIZE == 0 || grant->bytes == GRANT_ALL);
}

static int judge_memory(struct person *owner, const struct cp_grant *grant, const struct wish *wish,
                        struct verdict *verdict)
{
	uint64_t address = (uint64_t)grant->start + wish->offset;

	if (address + wish->bytes > PROC_SIZE)
		return -EFAULT;
	verdict->owner = owner;
	verdict->address = (vir_bytes)address;
	return OK;
}

static int judge_link(const struct wish *wish, struct verdict *verdict)
{
	struct person *granter = person_of(wish->granter);
	const struct cp_grant *grant;
	struct wish below = *wish;

	if (verdict->nr_links == GRANT_DEPTH_MAX)
		return -ELOOP;
	if (!granter)
		return -EDEADSRCDST;
	grant = may(&granter->page[TABLE_PAGE], false) ? grant_of(granter, wish->id) : NULL;
	if (!grant || !gives(grant, wish, verdict->nr_links == 0))
		return -EPERM;
	if (wish->rights & CPF_MAP && !whole_pages(grant))
		return -EINVAL;
	verdict->link[verdict->nr_links++] = (struct grant_link){.id = grant->id, .endpoint = wish->granter};
	verdict->flags |= grant->flags & (CPF_UNMAP | CPF_TRY);
	if (grant->flags & CPF_DIRECT)
		return judge_memory(granter, grant, wish, verdict);
	if (!(grant->flags & CPF_INDIRECT) || (uint64_t)grant->start + wish->offset > UINT32_MAX)
		return -EPERM;
	below.caller = wish->granter;
	below.granter = grant->who_from;
	below.id = grant->from_id;
	below.offset += grant->start;
	return judge_link(&below, verdict);
}

int model_judge(const struct wish *wish, struct verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	return judge_link(wish, verdict);
}

/* ---- Comparing ---- */

void model_compare_page(struct person *p, uint32_t page)
{
	const struct page *model = &p->page[page];
	vir_bytes address = page_address(page);

	for (uint32_t i = 0; i < PAGE_WORDS; i++) {
		const uint32_t *word = model_reached(p->endpoint, address + i * WORD_STRIDE, false);

		if (word && !may(model, false))
			model_wrong("%d can read at %x", p->endpoint, address);
		if (word && *word != model->cell->word[i])
			model_wrong("%d: word %u of its page at %x is %x, should be %x", p->endpoint, i,
			            address, *word, model->cell->word[i]);
	}
	if (model_reached(p->endpoint, address, true) && !may(model, true))
		model_wrong("%d can write at %x", p->endpoint, address);
}

/* Pages as they are reached, by the place of their first word. */
static struct sight {
	const uint32_t *place;
	const struct cell *cell;
	bool written; /* by one at least */
} sights[2048];

static void see(const struct person *p, uint32_t page)
{
	const uint32_t *place = model_reached(p->endpoint, page_address(page), false);
	struct sight *sight = &sights[((uintptr_t)place >> 4) % 2048];

	if (!place)
		return;
	while (sight->place && sight->place != place)
		sight = &sights[(sight + 1 - sights) % 2048];
	if (!sight->place)
		*sight = (struct sight){place, p->page[page].cell, false};
	sight->written |= model_reached(p->endpoint, page_address(page), true) != NULL;
	if (sight->cell != p->page[page].cell)
		sight->cell = NULL; /* different pages show it */
	if (sight->written && !sight->cell)
		model_wrong("%d: the page at %x can be written to, and shows where it should not",
		            p->endpoint, page_address(page));
}

/* Nobody reaches what the dead have left; but those to whom it was lent see it as it is. */
static void compare_left(const struct person *p)
{
	for (uint32_t page = KEPT_FIRST; page < PAGES; page++)
		for (uint32_t i = 0; i < PAGE_WORDS; i++) {
			const uint32_t *word =
			        model_contents(p->endpoint, page_address(page) + i * WORD_STRIDE);

			if (word && (!p->page[page].mapped || *word != p->page[page].cell->word[i]))
				model_wrong("what %d has left: word %u of its page at %x is %x, should be %x",
				            p->endpoint, i, page_address(page), *word,
				            p->page[page].mapped ? p->page[page].cell->word[i] : 0xdead);
		}
}

void model_compare_all(void)
{
	memset(sights, 0, sizeof(sights));
	for (int i = 0; i < PEOPLE; i++) {
		for (uint32_t page = 0; people[i].endpoint != NONE && page < PAGES; page++) {
			model_compare_page(&people[i], page);
			see(&people[i], page);
		}
	}
	for (int i = 0; i < LEFT; i++)
		if (left[i].endpoint != NONE)
			compare_left(&left[i]);
}
