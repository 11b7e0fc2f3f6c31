/* SPDX-License-Identifier: MIT */
/* The records of lendings. */
#include "lend.h"

#include <string.h>

#include "pool.h"
#include "space.h"
#include "vm.h"

struct lending_page {
	struct lending lending[PAGE_SIZE / sizeof(struct lending)];
};

_Static_assert(sizeof(struct lending_page) <= PAGE_SIZE, "records of lendings come by the page");

#define PER_PAGE (sizeof(((struct lending_page *)0)->lending) / sizeof(struct lending))

/* Records are larger where the tests run on a machine whose pointers are. */
_Static_assert(sizeof(void *) > sizeof(uint32_t) || LENDING_PAGES_MAX * PER_PAGE >= VM_LENDINGS_MIN,
               "a process may have as many lendings as others count on");

uint32_t lending_object(const struct lending *lending)
{
	return pool_physical(lending);
}

struct lending *lending_of(const struct region *region)
{
	vmassert(region->type == REGION_LENT);
	return pool_pointer(region->object);
}

static bool add_page(struct lendings *set)
{
	struct lending_page *page;

	if (set->nr_pages == LENDING_PAGES_MAX)
		return false;
	page = pool_allocate(POOL_OWN);
	if (!page)
		return false;
	set->page[set->nr_pages++] = page;
	for (uint32_t i = PER_PAGE; i-- > 0;) {
		page->lending[i].next = set->free;
		set->free = &page->lending[i];
	}
	return true;
}

void lendings_free_records(struct lendings *set)
{
	set->free = NULL;
	while (set->nr_pages) {
		struct lending_page *page = set->page[--set->nr_pages];

		set->page[set->nr_pages] = NULL;
		memset(page, 0, sizeof(*page));
		pool_free(page, POOL_OWN);
	}
}

struct lending *lending_add(struct space *holder)
{
	struct lendings *set = &holder->lendings;
	struct lending *lending;

	if (!set->free && !add_page(set))
		return NULL;
	lending = set->free;
	set->free = lending->next;
	lending->holder = holder;
	lending->nr_links = 0;
	lending->ending = false;
	lending->next = set->held;
	lending->back = &set->held;
	if (lending->next)
		lending->next->back = &lending->next;
	set->held = lending;
	return lending;
}

/* A process's grants are in the lowest slots of its table: so there are few to a list. */
struct link **lendings_given(struct space *granter, cp_grant_id_t grant)
{
	return &granter->lendings.given[GRANT_SLOT(grant) % GIVEN_LISTS];
}

void lending_link(struct lending *lending, struct space *granter, const struct grant_link *grant)
{
	struct link *link = &lending->link[lending->nr_links++];
	struct link **list = lendings_given(granter, grant->id);

	granter->lendings.has_given = true;
	*link = (struct link){.grant = *grant, .lending = lending, .next = *list, .back = list};
	if (link->next)
		link->next->back = &link->next;
	*list = link;
}

static void unlink_all(struct lending *lending)
{
	for (uint32_t i = 0; i < lending->nr_links; i++) {
		struct link *link = &lending->link[i];

		*link->back = link->next;
		if (link->next)
			link->next->back = link->back;
	}
}

void lending_attach(struct lending *lending)
{
	struct lendings *owners = &lending->owner->lendings;
	struct lending **list = lending->parent ? &lending->parent->children : &owners->lent;

	lending->sibling = *list;
	lending->in_siblings = list;
	if (lending->sibling)
		lending->sibling->in_siblings = &lending->sibling;
	*list = lending;
	owners->nr_lent++;
}

void lending_detach(struct lending *lending)
{
	*lending->in_siblings = lending->sibling;
	if (lending->sibling)
		lending->sibling->in_siblings = lending->in_siblings;
	lending->in_siblings = NULL;
	lending->owner->lendings.nr_lent--;
}

void lending_remove(struct lending *lending)
{
	struct lendings *set = &lending->holder->lendings;

	vmassert(!lending->children);
	if (lending->in_siblings)
		lending_detach(lending);
	unlink_all(lending);
	*lending->back = lending->next;
	if (lending->next)
		lending->next->back = lending->back;
	lending->holder = NULL;
	lending->next = set->free;
	set->free = lending;
}

const struct region *lending_piece(const struct lending *lending, vir_bytes address)
{
	const struct regions *regions = &lending->holder->regions;
	const struct region *region = regions_first(regions, address, lending->end);

	for (; region; region = regions_next(regions, region, lending->end))
		if (region->type == REGION_LENT && region->object == lending_object(lending))
			return region;
	return NULL;
}
