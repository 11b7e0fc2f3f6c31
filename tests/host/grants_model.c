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
static uint32_t words[CELLS][PAGE_WORDS];
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
	memset(&meanwhile, 0, sizeof(meanwhile));
	for (int i = 0; i < PEOPLE; i++)
		people[i].endpoint = NONE;
	for (int i = 0; i < LEFT; i++)
		left[i].endpoint = NONE;
}

/* ---- Pages and words ---- */

static const struct {
	vir_bytes address;
	uint32_t first, end;
} ranges[] = {
        {WINDOW, 0, WINDOW_PAGES},
        {TEXT, WINDOW_PAGES, TABLE_PAGE},
        {TABLE, TABLE_PAGE, KEPT_FIRST},
        {KEPT, KEPT_FIRST, PAGES},
};

vir_bytes page_address(uint32_t page)
{
	uint32_t i = 0;

	while (page >= ranges[i].end)
		i++;
	return ranges[i].address + (page - ranges[i].first) * PAGE_SIZE;
}

uint32_t page_at(vir_bytes address)
{
	for (uint32_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		uint32_t page = (address - ranges[i].address) / PAGE_SIZE;

		if (page < ranges[i].end - ranges[i].first)
			return ranges[i].first + page;
	}
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
	return address % PAGE_SIZE / WORD;
}

uint32_t *model_word(struct person *p, vir_bytes address)
{
	struct cell *cell = p->page[page_at(address)].cell;

	cell->touched = true;
	return &cell->word[word_at(address)];
}

void model_copy(struct person *to, vir_bytes to_address, struct person *from, vir_bytes from_address,
                uint32_t bytes)
{
	memmove(model_word(to, to_address), model_word(from, from_address), bytes);
}

/* Its words are still to be set. */
static struct cell *new_cell(void)
{
	static uint32_t last;

	for (int tries = 0; tries < CELLS; tries++) {
		struct cell *cell = &cells[last = (last + 1) % CELLS];

		if (cell->users)
			continue;
		*cell = (struct cell){.word = words[cell - cells], .users = 1, .touched = true};
		return cell;
	}
	model_wrong("there are more cells than pages");
}

static struct cell *zeros(void)
{
	struct cell *cell = new_cell();

	memset(cell->word, 0, PAGE_SIZE);
	return cell;
}

static void drop_page(struct page *page)
{
	if (!page->mapped)
		return;
	page->cell->touched = true;
	page->cell->users--;
	if (page->lent && !--page->lent->left)
		page->lent->pages = 0;
	*page = (struct page){.touched = true};
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
static void part(struct person *p, struct page *page, struct cell *from)
{
	struct cell *own = new_cell();
	const uint32_t *now = model_contents(p->endpoint, page_address((uint32_t)(page - p->page)));

	memcpy(own->word, from->word, PAGE_SIZE);
	for (uint32_t n = 0; now && n < meanwhile.nr_writes; n++) {
		uint32_t i = meanwhile.write[n].word;

		if (meanwhile.write[n].cell == from && model_was_written(from, i, now[i]))
			own->word[i] = now[i];
	}
	from->touched = true;
	page->cell = own;
	page->touched = true;
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
			kept += model_present(lent->holder->endpoint, page_address(page));
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

/* All that is marked; so many were. `leaving` has nothing any more that could be looked at before page
 * `stays`.
 */
static uint32_t end_marked(const struct person *leaving, uint32_t stays)
{
	uint32_t needed = 0, ended = 0;

	mark_children();
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		if (lent->pages && lent->ends)
			needed += lent->left;
	for (struct lent *lent = lents; lent < lents + LENTS; lent++) {
		ended += lent->pages && lent->ends;
		if (lent->pages && lent->ends && (lent->holder != leaving || lent->start >= stays))
			settle(lent, needed);
		lent->ends = false;
	}
	return ended;
}

uint32_t model_revoke(struct person *granter, cp_grant_id_t id)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		for (uint32_t i = 0; lent->pages && i < lent->nr_links; i++)
			lent->ends |= lent->link[i].id == id && lent->link[i].endpoint == granter->endpoint;
	return end_marked(NULL, 0);
}

static void mark_range(const struct person *owner, uint32_t first, uint32_t pages)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		lent->ends |= lent->pages && lent->owner == owner && lent->source < first + pages &&
		              first < lent->source + lent->pages;
}

static uint32_t end_range(const struct person *owner, uint32_t first, uint32_t pages)
{
	mark_range(owner, first, pages);
	return end_marked(NULL, 0);
}

uint32_t model_revoke_page(struct person *owner, uint32_t page)
{
	return end_range(owner, page, 1);
}

void model_leave(struct person *p)
{
	for (struct lent *lent = lents; lent < lents + LENTS; lent++)
		for (uint32_t i = 0; lent->pages && i < lent->nr_links; i++)
			lent->ends |= lent->link[i].endpoint == p->endpoint;
	(void)end_marked(p, PAGES);
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
	model_touch(from, KEPT_FIRST, KEPT_PAGES);
	model_touch(to, KEPT_FIRST, KEPT_PAGES);
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
	(void)end_marked(p, KEPT_FIRST);
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
	(void)end_range(p, first, pages);
	for (uint32_t i = first; i < first + pages; i++)
		drop_page(&p->page[i]);
}

void model_map(struct person *p, uint32_t first, uint32_t pages, uint32_t prot)
{
	model_unmap(p, first, pages);
	for (uint32_t i = first; i < first + pages; i++)
		p->page[i] = (struct page){
		        .mapped = true,
		        .touched = true,
		        .prot = prot,
		        .cell = zeros(),
		};
}

void model_unlend(struct person *holder, struct lent *lent)
{
	for (uint32_t i = 0; i < PAGES; i++)
		if (holder->page[i].lent == lent)
			mark_range(holder, i, 1);
	(void)end_marked(NULL, 0);
	for (uint32_t i = 0; i < PAGES; i++)
		if (holder->page[i].lent == lent)
			drop_page(&holder->page[i]);
}

void model_fork(struct person *parent, struct person *child)
{
	for (uint32_t i = 0; i < KEPT_FIRST; i++) {
		const struct page *page = &parent->page[i];

		child->page[i].touched = true;
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
		cell->touched = true;
		holder->page[page + i] = (struct page){
		        .mapped = true,
		        .touched = true,
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

/* ---- What a step touches ---- */

void model_touch(struct person *p, uint32_t first, uint32_t pages)
{
	for (uint32_t i = first; i < PAGES && i - first < pages; i++) {
		p->page[i].touched = true;
		if (p->page[i].mapped)
			p->page[i].cell->touched = true;
	}
}

void model_touch_bytes(struct person *p, vir_bytes address, uint32_t bytes)
{
	for (uint64_t i = 0; i < (uint64_t)bytes + address % PAGE_SIZE; i += PAGE_SIZE)
		model_touch(p, page_at(address + (vir_bytes)i), 1);
}

static void each_touched_of(struct person *p, void (*look)(struct person *p, uint32_t page))
{
	for (uint32_t i = 0; i < PAGES; i++) {
		struct page *page = &p->page[i];

		if (p->endpoint != NONE && (page->touched || (page->mapped && page->cell->touched)))
			look(p, i);
		page->touched = false;
	}
}

void model_each_touched(void (*look)(struct person *p, uint32_t page))
{
	for (int i = 0; i < PEOPLE; i++)
		each_touched_of(&people[i], look);
	for (int i = 0; i < LEFT; i++)
		each_touched_of(&left[i], look);
	for (int i = 0; i < CELLS; i++)
		cells[i].touched = false;
}

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), by words. */
static void take(uint64_t *hash, uint32_t word)
{
	*hash = (*hash ^ word) * 0x100000001b3u;
}

static void take_page(uint64_t *hash, const struct page *page)
{
	take(hash, page->mapped | page->named << 1 | (uint32_t)page->prot << 8);
	if (!page->mapped)
		return;
	take(hash, page->lent ? page->lent->start << 8 | page->lent->left : 0);
	take(hash, page->cell->users);
	for (uint32_t i = 0; i < PAGE_WORDS; i++)
		take(hash, page->cell->word[i]);
}

uint64_t model_state(void)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (int i = 0; i < PEOPLE + LEFT; i++) {
		const struct person *p = i < PEOPLE ? &people[i] : &left[i - PEOPLE];

		for (uint32_t page = 0; p->endpoint != NONE && page < PAGES; page++)
			take_page(&hash, &p->page[page]);
		for (uint32_t slot = 0; p->endpoint != NONE && slot < GRANTS; slot++)
			take(&hash, p->grant[slot].flags ^ p->grant[slot].start);
	}
	return hash;
}
