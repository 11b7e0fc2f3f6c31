/* SPDX-License-Identifier: MIT */
/* What grant_model_test.c has partners do with memory and grants, and how often that was done. */
#ifndef GUEST_GRANT_MODEL_STEPS_H
#define GUEST_GRANT_MODEL_STEPS_H

#include "grant_model_watch.h"

/* ---- What has been done ---- */

/* Done is what was allowed, and made a difference. */
#define KINDS(KIND)                                            \
	KIND(GRANT, "grants")                                  \
	KIND(PASS_ON, "passed on")                             \
	KIND(NARROW, "narrowed")                               \
	KIND(MAP, "mapped")                                    \
	KIND(MAP_DEEP, "of them by chains")                    \
	KIND(COPY, "copied")                                   \
	KIND(WRITE, "written")                                 \
	KIND(WRITE_LENT, "of them where more than one see it") \
	KIND(REVOKE, "taken back from who had mapped it")      \
	KIND(UNMAP, "unmapped")                                \
	KIND(UNLEND, "unmapped of others")                     \
	KIND(FORK, "forks")                                    \
	KIND(DIE, "deaths")                                    \
	KIND(EXEC, "execs")

enum kind {
#define KIND(NAME, text) NAME,
	KINDS(KIND)
#undef KIND
	        NR_KINDS
};

static uint32_t done[NR_KINDS];
static uint64_t trace; /* of all that was done, and what came of it */

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), by numbers. */
static inline void take_in(uint64_t number)
{
	trace = (trace ^ number) * 0x100000001b3u;
}

static inline void expect(int64_t result, int64_t expected, const char *what)
{
	if (result != expected)
		model_wrong("%s gives %lld, should be %lld", what, result, expected);
	take_in((uint64_t)expected);
}

/* ---- Steps: memory; whether there was anything to do ---- */

static inline void pick_range(uint32_t *first, uint32_t *pages)
{
	*first = random_below(WINDOW_PAGES);
	*pages = 1 + random_below(random_below(4) ? 6 : 40);
	if (*pages > WINDOW_PAGES - *first)
		*pages = WINDOW_PAGES - *first;
}

static inline int pick_prot(void)
{
	static const uint8_t prots[] = {1, 3, 3, 3, 3, 3, 3, 5, 7};

	return prots[random_below(sizeof(prots))];
}

/* Mostly a page that it has, and half of the time one that others see too. */
static inline uint32_t pick_page(const struct person *p)
{
	uint32_t page = random_below(WINDOW_PAGES), users = 1 + random_below(2);

	for (int i = 0; i < 20 && !(p->page[page].mapped && p->page[page].cell->users >= users); i++)
		page = random_below(WINDOW_PAGES);
	return page;
}

static inline bool write_to(struct person *p, uint32_t page)
{
	bool all = random_below(4) == 0, allowed = may(&p->page[page], true);
	vir_bytes address = page_address(page) + (all ? 0 : random_below(PAGE_WORDS) * WORD);
	uint32_t value = random_below(1u << 31);

	model_touch(p, page, 1);
	expect(ask(p, all ? fill : put, address, value, 0, 0), allowed ? 0 : -1, "a write");
	if (allowed && all)
		fill_words(model_word(p, address), value);
	else if (allowed)
		*model_word(p, address) = value;
	done[WRITE] += allowed;
	done[WRITE_LENT] += allowed && p->page[page].cell->users > 1;
	return allowed;
}

static inline bool step_touch(struct person *p)
{
	bool any = false;

	for (int i = 0; i < 3; i++)
		any |= write_to(p, pick_page(p));
	return any;
}

static inline void map_range(struct person *p, uint32_t first, uint32_t pages, int prot)
{
	model_touch(p, first, pages);
	expect(ask(p, map_own, page_address(first), pages * PAGE_SIZE, prot, 0), OK, "mmap");
	model_map(p, first, pages, (uint32_t)prot);
}

static inline bool step_map(struct person *p)
{
	uint32_t first, pages;

	pick_range(&first, &pages);
	map_range(p, first, pages, pick_prot());
	return true;
}

static inline bool has_any(const struct person *p, uint32_t first, uint32_t pages)
{
	for (uint32_t i = first; i < first + pages; i++)
		if (p->page[i].mapped)
			return true;
	return false;
}

static inline bool step_unmap(struct person *p)
{
	uint32_t first, pages;
	bool any;

	pick_range(&first, &pages);
	any = has_any(p, first, pages);
	model_touch(p, first, pages);
	expect(ask(p, unmap, page_address(first), pages * PAGE_SIZE, 0, 0), OK, "munmap");
	model_unmap(p, first, pages);
	done[UNMAP] += any;
	return any;
}

static inline int protect_expected(const struct person *p, uint32_t first, uint32_t pages, int prot)
{
	int expected = OK;

	for (uint32_t i = first; i < first + pages; i++) {
		if (p->page[i].lent && prot & PROT_WRITE && !p->page[i].lent->write)
			return -EACCES;
		if (!p->page[i].mapped)
			expected = -ENOMEM;
	}
	return expected;
}

static inline bool step_protect(struct person *p)
{
	uint32_t first, pages;
	int prot = pick_prot(), expected;

	pick_range(&first, &pages);
	model_touch(p, first, pages);
	expected = protect_expected(p, first, pages, prot);
	expect(ask(p, protect, page_address(first), pages * PAGE_SIZE, prot, 0), expected, "mprotect");
	for (uint32_t i = first; expected == OK && i < first + pages; i++)
		p->page[i].prot = (uint8_t)prot;
	return expected == OK;
}

/* ---- Steps: grants ---- */

static inline uint32_t slot_of(const struct person *p, bool used)
{
	uint32_t slot = random_below(GRANTS);

	for (int i = 0; i < 100 && (p->grant[slot].id != 0) != used; i++)
		slot = random_below(GRANTS);
	return slot;
}

/* Something is mapped by it. */
static inline bool is_in_use(const struct person *p, cp_grant_id_t id)
{
	for (const struct lent *lent = lents; lent < lents + LENTS; lent++)
		for (uint32_t i = 0; lent->pages && i < lent->nr_links; i++)
			if (lent->link[i].id == id && lent->link[i].endpoint == p->endpoint)
				return true;
	return false;
}

static inline uint32_t slot_in_use(const struct person *p)
{
	uint32_t slot = slot_of(p, true);

	for (int i = 0; i < 10 && !is_in_use(p, p->grant[slot].id); i++)
		slot = slot_of(p, true);
	return slot;
}

static inline void touch_granted(struct person *p, const struct cp_grant *grant)
{
	uint32_t known = WINDOW_PAGES * PAGE_SIZE; /* more bytes than that nobody has */

	if (grant->flags & CPF_DIRECT)
		model_touch_bytes(p, grant->start, grant->bytes < known ? grant->bytes : known);
}

static inline bool take_back(struct person *p, uint32_t slot)
{
	const struct cp_grant grant = p->grant[slot];
	const struct grant_link link = {.id = grant.id, .endpoint = p->endpoint};
	uint32_t ended;

	if (!grant.id)
		return false;
	choose_later(&link);
	touch_granted(p, &grant);
	expect(ask(p, revoke, grant.id, 0, 0, 0), OK, "cpf_revoke");
	memset(&p->grant[slot], 0, sizeof(grant));
	ended = model_revoke(p, grant.id);
	done[REVOKE] += ended > 0;
	expect(ask(p, revoke, grant.id, 0, 0, 0), -EPERM, "cpf_revoke, again,");
	return ended > 0;
}

static inline bool step_take_back(struct person *p)
{
	return take_back(p, slot_in_use(p));
}

static inline bool step_take_mappings_back(struct person *p)
{
	struct cp_grant *grant = &p->grant[slot_in_use(p)];
	uint32_t ended;

	if (!grant->id)
		return false;
	touch_granted(p, grant);
	expect(ask(p, revoke_mappings, grant->id, 0, 0, 0), OK, "sys_saferevmap_gid");
	grant->flags &= ~(uint32_t)CPF_MAP;
	ended = model_revoke(p, grant->id);
	done[REVOKE] += ended > 0;
	return ended > 0;
}

static inline bool step_take_page_back(struct person *p)
{
	uint32_t page = pick_page(p), ended;

	model_touch(p, page, 1);
	expect(ask(p, revoke_address, page_address(page) + 5, 0, 0, 0), OK, "sys_saferevmap_addr");
	for (uint32_t i = 0; i < GRANTS; i++)
		if (p->grant[i].flags & CPF_DIRECT &&
		    page_address(page) + 5 - p->grant[i].start < p->grant[i].bytes)
			p->grant[i].flags &= ~(uint32_t)CPF_MAP;
	ended = model_revoke_page(p, page);
	done[REVOKE] += ended > 0;
	return ended > 0;
}

/* What <granite/grant.h> gives EINVAL for. */
static inline bool makes_no_sense(const struct cp_grant *grant)
{
	bool aligned =
	        grant->start % PAGE_SIZE == 0 &&
	        (grant->bytes % PAGE_SIZE == 0 || (grant->flags & CPF_INDIRECT && grant->bytes == GRANT_ALL));

	if (grant->who_to != ANY && grant->who_to <= 0)
		return true;
	if (grant->flags & CPF_INDIRECT && (grant->who_from <= 0 || grant->from_id <= 0))
		return true;
	if (grant->start + grant->bytes < grant->start && grant->bytes != GRANT_ALL)
		return true;
	return grant->flags & CPF_MAP ? !(grant->flags & CPF_READ) || !aligned || grant->who_to == ANY
	                              : !(grant->flags & CPF_RIGHTS);
}

static inline bool step_give(struct person *p)
{
	struct cp_grant grant = choose_grant(p);
	uint32_t slot = slot_of(p, false);
	int64_t access = grant.flags & CPF_ACCESS;
	enum good_for good_for;

	(void)take_back(p, slot);
	if (grant.flags & CPF_DIRECT)
		grant.id = ask(p, grant_memory, grant.who_to, grant.start, grant.bytes, access);
	else
		grant.id = ask(p, grant_indirect_to, PAIR(grant.who_to, access), grant.who_from,
		               grant.from_id, PAIR(grant.start, grant.bytes));
	if (GRANT_VALID(grant.id) == makes_no_sense(&grant))
		model_wrong("a grant of flags %x, start %x and bytes %x has the id %lld", grant.flags,
		            grant.start, grant.bytes, grant.id);
	if (!GRANT_VALID(grant.id))
		return false;
	p->grant[slot] = grant;
	good_for = choose_good_for(p, &grant);
	done[GRANT] += good_for == OWN_MEMORY;
	done[PASS_ON] += good_for == ALL_OF_ANOTHER;
	done[NARROW] += good_for == PART_OF_ANOTHER;
	return good_for != NOTHING;
}

/* By a chain of grants, or of lendings and grants. */
static inline bool is_deep(const struct wish *wish)
{
	struct verdict verdict;

	if (model_judge(wish, &verdict) != OK || page_at(verdict.address) >= WINDOW_PAGES)
		return false;
	return verdict.nr_links + model_depth(verdict.owner->page[page_at(verdict.address)].lent) > 1;
}

static inline void choose_mapping(const struct person *p, bool write, struct wish *wish)
{
	int tries = (int)random_below(5);

	do
		choose_wish(p, CPF_READ | CPF_MAP | (write ? CPF_WRITE : 0), wish);
	while (tries-- > 0 && !is_deep(wish));
}

static inline bool step_map_grant(struct person *p)
{
	uint32_t page = random_below(WINDOW_PAGES), write = random_below(2), pages;
	struct verdict verdict;
	struct wish wish;
	int expected;

	choose_mapping(p, write, &wish);
	if (wish.bytes > (WINDOW_PAGES - page) * PAGE_SIZE)
		wish.bytes = (WINDOW_PAGES - page) * PAGE_SIZE;
	pages = wish.bytes / PAGE_SIZE;
	model_touch(p, page, pages);
	expected = model_judge(&wish, &verdict);
	if (expected == OK && page_at(verdict.address) >= WINDOW_PAGES)
		return false; /* of a program's own memory nothing is known */
	if (expected == OK) {
		model_touch_bytes(verdict.owner, verdict.address, wish.bytes);
		expected = model_may_lend(p, &verdict, pages, write);
	}
	expect(ask(p, map_grant, PAIR(wish.granter, write), wish.id, PAIR(wish.offset, wish.bytes),
	           page_address(page)),
	       expected, "sys_safemap");
	if (expected != OK)
		return false;
	model_lend(p, &verdict, page, pages, write);
	done[MAP]++;
	done[MAP_DEEP] += model_depth(p->page[page].lent) > 1;
	return true;
}

static inline bool step_unmap_grant(struct person *p)
{
	uint32_t page = random_below(WINDOW_PAGES);
	struct lent *lent;

	for (int i = 0; i < 60 && !p->page[page].lent; i++)
		page = random_below(WINDOW_PAGES);
	lent = p->page[page].lent;
	model_touch(p, page, 1);
	expect(ask(p, unmap_grant, page_address(page) + random_below(PAGE_SIZE), 0, 0, 0),
	       lent ? OK : -EINVAL, "sys_safeunmap");
	if (lent)
		model_unlend(p, lent);
	done[UNLEND] += lent != NULL;
	return lent != NULL;
}

/* A copy of one, to its end, or up to where its memory can't be reached. */
struct random_copy {
	struct wish wish;
	struct person *from, *to;
	vir_bytes source, destination;
	bool whole; /* all of both is there */
};

static inline bool within(const struct person *p, vir_bytes address, uint32_t bytes, bool write, bool *known)
{
	bool all = true;

	for (uint32_t i = 0; i < bytes; i += PIECE) {
		uint32_t page = page_at(address + i);

		*known &= page < WINDOW_PAGES;
		all = all && *known && may(&p->page[page], write);
	}
	return all;
}

/* Whether a piece, which is not what it was, has been copied. */
static inline bool is_copied(const struct random_copy *copy, uint32_t offset)
{
	const uint32_t *from = model_word(copy->from, copy->source + offset);
	const uint32_t *to = model_word(copy->to, copy->destination + offset);

	for (uint32_t i = 0; i < PIECE_WORDS; i++)
		if (from[i] != to[i])
			return (uint32_t)ask(copy->to, get, copy->destination + offset + i * WORD, 0, 0, 0) ==
			       from[i];
	return false;
}

/* What was copied is what the source had at that time; what was not is as it was. */
static inline void copied(const struct random_copy *copy, bool all)
{
	for (uint32_t i = 0; i < copy->wish.bytes; i += PIECE) {
		uint32_t from = page_at(copy->source + i), to = page_at(copy->destination + i);

		if (!may(&copy->from->page[from], false) || !may(&copy->to->page[to], true))
			return;
		if (all || is_copied(copy, i))
			model_copy(copy->to, copy->destination + i, copy->from, copy->source + i, PIECE);
	}
}

/* Where they are the same words, what is copied when matters. */
static inline bool live_together(const struct random_copy *copy)
{
	for (uint32_t i = 0; i < copy->wish.bytes; i += PIECE)
		for (uint32_t j = 0; j < copy->wish.bytes; j += PIECE)
			if (copy->from->page[page_at(copy->source + i)].cell ==
			    copy->to->page[page_at(copy->destination + j)].cell)
				return true;
	return false;
}

/* Of two pieces the first that is refused says why. */
static inline int judge_copy(const struct wish *wish, struct verdict *verdict)
{
	struct wish piece = *wish;
	struct verdict unused;
	int result = OK;

	if (in_two(wish->offset)) {
		piece.bytes = wish->bytes / 2;
		result = model_judge(&piece, &unused);
		piece.offset += piece.bytes;
		piece.bytes = wish->bytes - piece.bytes;
	}
	if (result == OK && in_two(wish->offset))
		result = model_judge(&piece, &unused);
	return result == OK ? model_judge(wish, verdict) : result;
}

/* Half of the time so that pages can be shared, where that is otherwise possible. */
static inline void choose_copy(const struct person *p, bool reading, struct wish *wish, vir_bytes *mine)
{
	*mine = page_address(random_below(WINDOW_PAGES));
	choose_wish(p, reading ? CPF_READ : CPF_WRITE, wish);
	if (random_below(2))
		return;
	*mine += random_below(PAGE_PIECES) * PIECE;
	wish->offset += random_below(PAGE_PIECES) * PIECE;
	wish->bytes -= random_below(PAGE_PIECES) * PIECE;
}

static inline bool step_copy(struct person *p)
{
	bool reading = random_below(2), known = true;
	struct random_copy random;
	struct verdict verdict = {0};
	int64_t expected, result;
	vir_bytes mine;

	choose_copy(p, reading, &random.wish, &mine);
	model_touch_bytes(p, mine, random.wish.bytes);
	expected = judge_copy(&random.wish, &verdict);
	if (expected == OK) {
		random.from = reading ? verdict.owner : p;
		random.to = reading ? p : verdict.owner;
		random.source = reading ? verdict.address : mine;
		random.destination = reading ? mine : verdict.address;
		random.whole = within(random.from, random.source, random.wish.bytes, false, &known);
		random.whole &= within(random.to, random.destination, random.wish.bytes, true, &known);
		if (!known || live_together(&random))
			return false;
		model_touch_bytes(verdict.owner, verdict.address, random.wish.bytes);
		expected = random.whole ? OK : -EFAULT;
	}
	result = ask(p, copy, PAIR(random.wish.granter, reading), random.wish.id,
	             PAIR(random.wish.offset, random.wish.bytes), mine);
	if (result != -EFAULT || !verdict.owner || !(verdict.flags & CPF_TRY))
		expect(result, expected, "a copy");
	take_in((uint64_t)result);
	if (result == OK || (result == -EFAULT && verdict.owner))
		copied(&random, result == OK);
	done[COPY] += result == OK;
	return result == OK;
}

#endif
