/* SPDX-License-Identifier: MIT */
#include "vm_state.h"

#include <stddef.h>

#include "servers/vm/frames.h"
#include "servers/vm/kept.h"
#include "servers/vm/pool.h"
#include "servers/vm/process.h"

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), by words. */
static uint64_t hash;

static void take(uint32_t word)
{
	hash = (hash ^ word) * 0x100000001b3u;
}

static int take_entry(void *context, vir_bytes address, uint32_t *entry)
{
	(void)context;
	take(address);
	take(*entry);
	return OK;
}

static void take_regions(const struct space *space)
{
	const struct region *region;

	for (region = regions_from(&space->regions, 0); region;
	     region = regions_from(&space->regions, region->end)) {
		take(region->start);
		take(region->end);
		take(region->object);
		take(region->prot | (uint32_t)region->type << 16);
		(void)pagetable_each(&space->pagetable, region->start, region->end, take_entry, NULL);
	}
}

static void take_lendings(const struct space *space)
{
	for (const struct lending *lending = space->lendings.held; lending; lending = lending->next) {
		take((uint32_t)lending->owner->endpoint);
		take(lending->start);
		take(lending->end);
		take(lending->source);
		take(lending->pages);
		for (uint32_t i = 0; i < lending->nr_links; i++)
			take((uint32_t)lending->link[i].grant.id);
	}
}

static void take_space(const struct space *space)
{
	take((uint32_t)space->endpoint);
	take(space->pagetable.pages);
	take(space->lendings.nr_pages);
	take_regions(space);
	take_lendings(space);
}

uint64_t vm_state(void)
{
	hash = 0xcbf29ce484222325u;
	for (uint32_t slot = 0; slot < ENDPOINT_SLOTS; slot++)
		if (process_slot(slot)->space)
			take_space(process_slot(slot)->space);
	for (const struct space *estate = estates; estate; estate = estate->kept->next)
		take_space(estate);
	take(frames.free);
	take(frames.promised);
	take(pool_unused());
	return hash;
}
