/* SPDX-License-Identifier: MIT */
#include "kept.h"

#include <string.h>

#include <granite/abi/priv.h>

#include "pool.h"
#include "process.h"
#include "vm.h"

_Static_assert(sizeof(struct kept) <= PAGE_SIZE, "the names are kept in a page");
_Static_assert(KEPT_BASE % BIG_PAGE_SIZE == 0 && KEPT_END % BIG_PAGE_SIZE == 0,
               "kept memory has page tables of its own");
_Static_assert(KEPT_BASE >= PROC_MIN_ADDRESS && MMAP_TOP <= KEPT_BASE &&
                       KEPT_END <= STACK_TOP - STACK_SIZE_MAX - STACK_GUARD,
               "there is room for kept memory");

const char *kept_name(const struct space *space, const struct region *region)
{
	return region->type == REGION_KEPT && region->object ? space->kept->name[region->object - 1] : "";
}

/* The first region from `address` on that has a name. */
static const struct region *named_from(const struct space *space, vir_bytes address)
{
	const struct region *region;

	do
		region = regions_from(&space->regions, address);
	while (region && (address = region->end) && (region->type != REGION_KEPT || !region->object));
	return region;
}

bool kept_any(const struct space *space)
{
	return space->kept && named_from(space, KEPT_BASE);
}

void kept_free(struct space *space)
{
	if (!space->kept)
		return;
	memset(space->kept, 0, sizeof(*space->kept));
	pool_free(space->kept, POOL_OWN);
	space->kept = NULL;
}

/* ---- vm_keep ---- */

/* What there is of a name: perhaps in pieces, with gaps. And which names there are. */
struct search {
	uint32_t object; /* 0: nothing */
	vir_bytes start, end;
	uint32_t bytes;
	bool used[KEPT_NAMES_MAX];
};

static void search(const struct space *space, const char *name, struct search *found)
{
	const struct region *region;

	*found = (struct search){.object = 0};
	for (region = named_from(space, KEPT_BASE); region; region = named_from(space, region->end)) {
		found->used[region->object - 1] = true;
		if (strcmp(kept_name(space, region), name) != 0)
			continue;
		if (!found->object)
			found->start = region->start;
		found->object = region->object;
		found->end = region->end;
		found->bytes += region->end - region->start;
	}
}

static uint32_t free_object(const struct search *found)
{
	for (uint32_t i = 0; i < KEPT_NAMES_MAX; i++)
		if (!found->used[i])
			return i + 1;
	return 0;
}

static int map_named(struct space *space, const char *name, const struct region *region)
{
	bool fresh = !space->kept;
	int result;

	if (fresh)
		space->kept = pool_allocate(POOL_OWN);
	if (!space->kept)
		return -ENOMEM;
	result = space_map(space, region);
	if (result == OK)
		memcpy(space->kept->name[region->object - 1], name, VM_KEEP_NAME_MAX);
	else if (fresh)
		kept_free(space);
	return result;
}

static int keep(struct space *space, const char *name, vir_bytes start, vir_bytes end, uint32_t *is_found)
{
	struct region region = {
	        .start = start, .end = end, .prot = VM_PROT_READ | VM_PROT_WRITE, .type = REGION_KEPT};
	struct search found;

	search(space, name, &found);
	*is_found = found.object != 0;
	if (found.object)
		return found.start == start && found.end == end && found.bytes == end - start ? OK : -EINVAL;
	if (!regions_empty(&space->regions, start, end))
		return -EEXIST;
	region.object = free_object(&found);
	return region.object ? map_named(space, name, &region) : -ENOMEM;
}

/* Programs print it. What follows its end is of no account, and becomes zeros. */
static bool take_name(const char *from, char name[VM_KEEP_NAME_MAX])
{
	uint32_t length = strnlen(from, VM_KEEP_NAME_MAX);

	if (length == 0 || length == VM_KEEP_NAME_MAX)
		return false;
	for (uint32_t i = 0; i < length; i++)
		if (from[i] < ' ' || from[i] > '~')
			return false;
	memset(name, 0, VM_KEEP_NAME_MAX);
	memcpy(name, from, length);
	return true;
}

static bool place_valid(vir_bytes address, uint32_t bytes)
{
	return address % PAGE_SIZE == 0 && address >= KEPT_BASE && address < KEPT_END && bytes > 0 &&
	       bytes <= KEPT_END - address;
}

int do_keep(endpoint_t caller, const struct vm_keep_req *request, struct vm_keep_rep *reply)
{
	struct process *process = process_find(caller);
	vir_bytes start = request->address, end = start + page_up(request->bytes);
	char name[VM_KEEP_NAME_MAX];
	int result;

	if (!process || !process_is_service(process) || !process_has_privilege(caller, PRIV_KEEP))
		return -EPERM;
	if (!take_name(request->name, name) || !place_valid(request->address, request->bytes))
		return -EINVAL;
	result = keep(process->space, name, start, end, &reply->found);
	if (result == -ENOMEM && process_open_reserve(caller)) {
		result = keep(process->space, name, start, end, &reply->found);
		memory_close();
	}
	return result;
}
