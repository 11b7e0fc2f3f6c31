/* SPDX-License-Identifier: MIT */
/* What anybody may ask: the account of all pages, a process's memory, its regions. */
#include "frames.h"
#include "kept.h"
#include "pool.h"
#include "process.h"
#include "vm.h"

/* The frame table stands before the pool's pages; all else that VM keeps is in them. */
static void account(struct vm_info_rep *info)
{
	uint32_t table = page_up(frames.count * sizeof(struct frame)) >> PAGE_SHIFT;

	info->total = frames.below + frames.above;
	info->kernel = frames.below - pool_pages() - table;
	info->vm_tables = table + pool_used(POOL_OWN);
	info->pool_used = pool_used(POOL_TABLES);
	info->pool_free = pool_unused();
	info->archive = frames.archive;
	info->process = frames.above - frames.archive - frames.free;
	info->free = frames.free;
	info->spare = frames_available();
}

int do_info(endpoint_t caller, const struct vm_info_req *request, struct vm_info_rep *reply)
{
	(void)caller;
	(void)request;
	account(reply);
	return OK;
}

static struct space *space_asked_for(endpoint_t caller, endpoint_t endpoint)
{
	return estate_or_space(endpoint == SELF ? caller : endpoint);
}

int do_procinfo(endpoint_t caller, const struct vm_procinfo_req *request, struct vm_procinfo_rep *reply)
{
	struct space *space = space_asked_for(caller, request->endpoint);

	if (!space)
		return -EDEADSRCDST;
	space_count(space, reply);
	return OK;
}

int do_region(endpoint_t caller, const struct vm_region_req *request, struct vm_region_rep *reply)
{
	struct space *space = space_asked_for(caller, request->endpoint);
	const struct region *region;

	if (request->below > 1)
		return -EINVAL;
	if (!space)
		return -EDEADSRCDST;
	region = request->below ? regions_before(&space->regions, request->address)
	                        : regions_from(&space->regions, request->address);
	if (!region)
		return -ENOENT;
	space_describe(space, region, reply);
	return OK;
}
