/* SPDX-License-Identifier: MIT */
/* The memory of devices, as far as it is mapped like memory: no frame of it is VM's. */
#include <granite/sys.h>

#include "frames.h"
#include "pagetable.h"
#include "process.h"
#include "types.h"
#include "vm.h"

static int bring(const struct region *region, vir_bytes page, bool write, uint32_t *entry)
{
	uint32_t right = region->prot & VM_PROT_WRITE ? PTE_WRITE : 0;

	(void)write;
	*entry = (region->object + (page - region->start)) | PTE_DEVICE | PTE_NO_CACHE | right;
	return OK;
}

static uint32_t advance(uint32_t object, uint32_t bytes)
{
	return object + bytes;
}

static uint32_t most_rights(const struct region *region)
{
	return region->prot;
}

const struct memory_type device_type = {.bring = bring, .advance = advance, .most_rights = most_rights};

static int check(endpoint_t caller, const struct vm_map_phys_req *request)
{
	if (request->physical % PAGE_SIZE || request->bytes % PAGE_SIZE || request->bytes == 0 ||
	    request->bytes > PROC_SIZE || request->bytes - 1 > 0xffffffffu - request->physical)
		return -EINVAL;
	if (!(request->prot & VM_PROT_READ) || request->prot & ~(VM_PROT_READ | VM_PROT_WRITE))
		return -EINVAL;
	if (frames_are_memory(request->physical, request->bytes))
		return -EPERM;
	return sys_vmctl_may_map(caller, request->physical, request->bytes);
}

int do_map_phys(endpoint_t caller, const struct vm_map_phys_req *request, struct vm_map_phys_rep *reply)
{
	struct space *space = process_space(caller);
	struct region region = {.object = request->physical, .prot = request->prot, .type = REGION_DEVICE};
	int result;

	if (!space)
		return -EDEADSRCDST;
	result = check(caller, request);
	if (result != OK)
		return result;
	region.start = regions_find_gap(&space->regions, request->bytes);
	region.end = region.start + request->bytes;
	if (!region.start)
		return -ENOMEM;
	result = space_map(space, &region);
	reply->address = region.start;
	return result;
}
