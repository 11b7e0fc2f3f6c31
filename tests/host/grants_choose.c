/* SPDX-License-Identifier: MIT */
#include "grants_choose.h"

#include <stdlib.h>
#include <string.h>

#include <granite/abi/errno.h>
#include <granite/abi/layout.h>

uint32_t choose_before = PAGES;

/* Grants of before, whoever gave them. */
static struct grant_link old[64];

void choose_start(void)
{
	memset(old, 0, sizeof(old));
}

void choose_later(const struct grant_link *link)
{
	old[random_below(64)] = *link;
}

static uint32_t random_access(bool map)
{
	uint32_t access = CPF_READ | (random_below(4) ? CPF_WRITE : 0) | (map ? CPF_MAP : 0);

	if (random_below(30) == 0)
		access ^= CPF_READ;
	if (random_below(8) == 0)
		access |= CPF_UNMAP;
	if (random_below(8) == 0)
		access |= CPF_TRY;
	return access;
}

static endpoint_t random_grantee(const struct person *giver)
{
	const struct person *p = &people[random_below(PEOPLE)];

	if (random_below(20) == 0)
		return ANY;
	if (p->endpoint == NONE || p == giver)
		p = &people[random_below(PEOPLE)];
	return p->endpoint;
}

/* A page that p itself has by a grant: of some, that with the longest chain which can still go on. */
static bool find_lent(const struct person *p, uint32_t *page)
{
	uint32_t most = 0;

	for (int tries = 0; tries < 30; tries++) {
		uint32_t i = random_below(choose_before), depth = model_depth(p->page[i].lent);

		if (depth <= most || depth == GRANT_DEPTH_MAX)
			continue;
		*page = i;
		most = depth;
	}
	return most > 0;
}

/* Whole pages mostly; now and then what no library would write into a table. */
static void random_range(const struct person *p, struct cp_grant *grant)
{
	uint32_t first = random_below(choose_before), pages = 4 + random_below(40);

	if (choose_before == PAGES && random_below(3) == 0)
		first = KEPT_FIRST + random_below(KEPT_PAGES);
	if (random_below(2) && find_lent(p, &first))
		pages = 1 + random_below(4);
	grant->start = page_address(first);
	grant->bytes = pages * PAGE_SIZE;
	if (random_below(30) == 0)
		grant->start += random_below(PAGE_PIECES) * PIECE;
	if (random_below(30) == 0)
		grant->bytes -= random_below(PAGE_PIECES) * PIECE;
	if (random_below(25) == 0)
		grant->bytes = 0u - random_below(3) * PAGE_SIZE;
}

static struct cp_grant direct(const struct person *p)
{
	bool map = random_below(4) != 0;
	struct cp_grant grant = {.flags = CPF_DIRECT | random_access(map), .who_to = random_grantee(p)};

	random_range(p, &grant);
	return grant;
}

/* One that was given to p, now and then perhaps to anybody, with these rights. */
static struct grant_link find_grant(const struct person *p, uint32_t rights)
{
	struct grant_link found[PEOPLE * GRANTS];
	uint32_t nr_found = 0;
	endpoint_t anybody = random_below(4) ? p->endpoint : ANY;

	for (uint32_t i = 0; i < PEOPLE * GRANTS; i++) {
		const struct person *giver = &people[i / GRANTS];
		const struct cp_grant *grant = &giver->grant[i % GRANTS];

		if (giver->endpoint != NONE && grant->id &&
		    (grant->who_to == p->endpoint || grant->who_to == anybody) &&
		    (grant->flags & rights) == rights)
			found[nr_found++] = (struct grant_link){.id = grant->id, .endpoint = giver->endpoint};
	}
	return nr_found ? found[random_below(nr_found)] : old[random_below(64)];
}

static struct grant_link find_any_grant(const struct person *p, uint32_t rights)
{
	return find_grant(p, random_below(8) ? rights : 0);
}

/* Of some, the one with the longest chain that can still be passed on. */
static struct grant_link find_good_grant(const struct person *p)
{
	struct wish wish = {.caller = p->endpoint, .rights = CPF_READ | CPF_MAP, .bytes = PAGE_SIZE};
	struct grant_link best = find_any_grant(p, 0);
	uint32_t most = 0;

	for (int tries = 0; tries < 12; tries++) {
		struct grant_link link = find_any_grant(p, wish.rights);
		struct verdict verdict;

		wish.granter = link.endpoint;
		wish.id = link.id;
		if (model_judge(&wish, &verdict) != OK || verdict.nr_links <= most)
			continue;
		best = link;
		most = verdict.nr_links;
	}
	return best;
}

static struct cp_grant indirect(const struct person *p)
{
	struct grant_link below = find_good_grant(p);
	struct cp_grant grant = {
	        .flags = CPF_INDIRECT | random_access(random_below(6) != 0),
	        .who_to = random_grantee(p),
	        .who_from = below.endpoint,
	        .from_id = below.id,
	        .bytes = GRANT_ALL,
	};

	if (random_below(3) == 0) {
		grant.start = random_below(4) * PAGE_SIZE;
		grant.bytes = (1 + random_below(30)) * PAGE_SIZE;
	}
	if (random_below(30) == 0)
		grant.start = 0u - PAGE_SIZE;
	return grant;
}

struct cp_grant choose_grant(const struct person *p)
{
	struct cp_grant grant = random_below(2) ? direct(p) : indirect(p);

	grant.unused = (grant.flags & (CPF_MAP | CPF_INDIRECT)) != 0;
	return grant;
}

static bool can(endpoint_t caller, endpoint_t granter, cp_grant_id_t id, uint32_t rights)
{
	struct wish wish = {caller, granter, id, .bytes = PIECE, .rights = rights};
	struct verdict unused;

	return model_judge(&wish, &unused) == OK;
}

enum good_for choose_good_for(const struct person *p, const struct cp_grant *grant)
{
	bool part = grant->start != 0 || grant->bytes != GRANT_ALL;

	if (!can(grant->who_to, p->endpoint, grant->id, CPF_READ) &&
	    !can(grant->who_to, p->endpoint, grant->id, CPF_WRITE))
		return NOTHING;
	if (grant->flags & CPF_DIRECT)
		return OWN_MEMORY;
	for (uint32_t right = CPF_READ; right <= CPF_MAP; right <<= 1)
		part |= !(grant->flags & right) && can(p->endpoint, grant->who_from, grant->from_id, right);
	return part ? PART_OF_ANOTHER : ALL_OF_ANOTHER;
}

static void random_wish(const struct person *p, uint32_t rights, struct wish *wish)
{
	struct grant_link link = random_below(2) ? find_any_grant(p, rights) : find_good_grant(p);

	*wish = (struct wish){
	        .caller = p->endpoint,
	        .granter = link.endpoint,
	        .id = link.id,
	        .offset = random_below(3) ? 0 : random_below(6) * PAGE_SIZE,
	        .bytes = (1 + random_below(random_below(3) ? 4 : 24)) * PAGE_SIZE,
	        .rights = rights,
	};
	if (random_below(30) == 0) { /* beyond the end of all addresses, and back */
		wish->offset = 0u - (1 + random_below(3)) * PAGE_SIZE;
		wish->bytes = PAGE_SIZE;
	}
}

/*
 * All is right but the grant: it is of former times; of another giver, which may be a child with a copy of
 * the record; an older one of the same slot; or anybody's.
 */
static void falsify(struct wish *wish)
{
	const struct person *other = &people[random_below(PEOPLE)];
	const struct grant_link *gone = &old[random_below(64)];

	switch (random_below(4)) {
	case 0:
		wish->id = gone->id;
		wish->granter = gone->endpoint;
		break;
	case 1:
		wish->granter = other->endpoint;
		break;
	case 2:
		wish->id -= GRANT_ID(1 + random_below(40), 0);
		break;
	default:
		wish->id = other->grant[random_below(GRANTS)].id;
		wish->granter = other->endpoint;
	}
}

static bool is_there(const struct verdict *verdict, const struct wish *wish)
{
	for (uint32_t i = 0; i < wish->bytes; i += PIECE) {
		uint32_t page = page_at(verdict->address + i);

		if (page == PAGES || !may(&verdict->owner->page[page], wish->rights & CPF_WRITE))
			return false;
	}
	return true;
}

static bool can_be_done(const struct person *p, const struct wish *wish)
{
	struct verdict verdict;

	if (model_judge(wish, &verdict) != OK)
		return false;
	if (!(wish->rights & CPF_MAP))
		return is_there(&verdict, wish);
	return model_may_lend(p, &verdict, wish->bytes / PAGE_SIZE, wish->rights & CPF_WRITE) == OK;
}

void choose_wish(const struct person *p, uint32_t rights, struct wish *wish)
{
	int tries = random_below(4) ? 20 : 0;

	do
		random_wish(p, rights, wish);
	while (tries-- > 0 && !can_be_done(p, wish));
	if (random_below(12) == 0)
		falsify(wish);
}
