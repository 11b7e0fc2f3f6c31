/* SPDX-License-Identifier: MIT */
/* What is mapped by grant, and who sees a page: told to whom it belongs, or to who may look at everybody. And
 * whether anything is mapped by one grant. */
#include <granite/abi/priv.h>
#include <granite/sys.h>

#include "frames.h"
#include "kept.h"
#include "process.h"
#include "types.h"
#include "vm.h"

/* A part of a list whose beginning was told before. */
struct list {
	struct vm_lending told[VM_LENDINGS_AT_ONCE];
	uint32_t count, limit;
	uint32_t skip; /* still to be left out */
	uint32_t seen; /* with those left out, and those for which there is no room */
};

static struct list list;

static void begin(uint32_t from, uint32_t count)
{
	list.count = list.seen = 0;
	list.skip = from;
	list.limit = count < VM_LENDINGS_AT_ONCE ? count : VM_LENDINGS_AT_ONCE;
}

/* `page`: the one to be told of, or NULL for all of the lending. */
static void add(const struct lending *lending, const vir_bytes *page)
{
	struct vm_lending *told = &list.told[list.count];

	if (list.seen++ < list.skip || list.count == list.limit)
		return;
	*told = (struct vm_lending){
	        .holder = lending->holder->endpoint,
	        .start = page ? *page : lending->start,
	        .bytes = page ? PAGE_SIZE : lending->end - lending->start,
	        .owner = lending->owner->endpoint,
	        .flags = lending->flags,
	        .pages = page ? 1 : lending->pages,
	        .nr_links = lending->nr_links,
	};
	told->source = lending->source + (told->start - lending->start);
	for (uint32_t i = 0; i < lending->nr_links; i++)
		told->link[i] = lending->link[i].grant;
	list.count++;
}

static int tell(endpoint_t caller, vir_bytes buffer, uint32_t *count, uint32_t *next)
{
	*count = list.count;
	*next = list.skip + list.count < list.seen ? list.skip + list.count : 0;
	return sys_vircopy(SELF, (vir_bytes)(uintptr_t)list.told, caller, buffer,
	                   list.count * sizeof(list.told[0]), VIRCOPY_TRY);
}

/* The space that the caller may ask about; NULL, and *result says why not. */
static struct space *asked_for(endpoint_t caller, endpoint_t endpoint, uint32_t count, int *result)
{
	struct space *space = estate_or_space(endpoint == SELF ? caller : endpoint);

	*result = -EDEADSRCDST;
	if (!space)
		return NULL;
	*result = -EPERM;
	if (space->endpoint != caller && !process_has_privilege(caller, PRIV_INSPECT))
		return NULL;
	*result = count > 0 ? OK : -EINVAL;
	return count > 0 ? space : NULL;
}

int do_lendings(endpoint_t caller, const struct vm_lendings_req *request, struct vm_lendings_rep *reply)
{
	int result;
	struct space *space = asked_for(caller, request->endpoint, request->count, &result);

	if (!space)
		return result;
	begin(request->from, request->count);
	for (const struct lending *lending = space->lendings.held; lending; lending = lending->next)
		add(lending, NULL);
	return tell(caller, request->buffer, &reply->count, &reply->next);
}

/* ---- Who sees a page ---- */

/* By whom, and where, the page is owned in the end. */
static void climb(struct space **space, vir_bytes *page)
{
	const struct region *region = regions_find(&(*space)->regions, *page);

	while (region && region->type == REGION_LENT) {
		const struct lending *lending = lending_of(region);

		*space = lending->owner;
		*page = lending->source + (*page - lending->start);
		region = regions_find(&(*space)->regions, *page);
	}
}

static bool has_page(const struct lending *lending, vir_bytes page)
{
	const struct region *region = regions_find(&lending->holder->regions, page);

	return region && region->type == REGION_LENT && lending_of(region) == lending;
}

/* Adds all of the list who have their owner's page; and from them others, no deeper than chains can be. */
static void descend(const struct lending *list, vir_bytes page)
{
	for (const struct lending *lending = list; lending; lending = lending->sibling) {
		vir_bytes there = lending->start + (page - lending->source);

		if (page - lending->source >= lending->end - lending->start || !has_page(lending, there))
			continue;
		add(lending, &there);
		descend(lending->children, there);
	}
}

static uint32_t sharers(const struct space *space, vir_bytes page)
{
	const uint32_t *entry = pagetable_find(&space->pagetable, page);

	return entry && *entry && !(*entry & PTE_DEVICE) ? frame_sharers(*entry & PTE_FRAME) - 1 : 0;
}

int do_viewers(endpoint_t caller, const struct vm_viewers_req *request, struct vm_viewers_rep *reply)
{
	int result;
	struct space *space = asked_for(caller, request->endpoint, request->count, &result);
	vir_bytes page = page_down(request->address);

	if (!space)
		return result;
	if (request->address >= PROC_SIZE)
		return -EINVAL;
	climb(&space, &page);
	begin(request->from, request->count);
	descend(space->lendings.lent, page);
	reply->owner = space->endpoint;
	reply->address = page;
	reply->sharers = sharers(space, page);
	return tell(caller, request->buffer, &reply->count, &reply->next);
}

/* ---- Whether a grant is used ---- */

int do_is_held(endpoint_t caller, const struct vm_is_held_req *request, struct vm_is_held_rep *reply)
{
	struct space *space = process_space(caller);

	if (!space)
		return -EDEADSRCDST;
	for (struct link *link = *lendings_given(space, request->grant); link && !reply->is_held;
	     link = link->next)
		reply->is_held = link->grant.id == request->grant;
	return OK;
}
