/* SPDX-License-Identifier: MIT */
/* Page faults, and memory that the kernel wants present for a copy. */
#include "frames.h"
#include "memory.h"
#include "notes.h"
#include "process.h"
#include "types.h"
#include "vm.h"

const struct memory_type *const memory_types[] = {
        [REGION_ANONYMOUS] = &anonymous_type, [REGION_ARCHIVE] = &archive_type, [REGION_LENT] = &lent_type,
        [REGION_DEVICE] = &device_type,       [REGION_KEPT] = &kept_type,
};

static int bring_new(const struct region *region, vir_bytes page, bool write, uint32_t *entry)
{
	uint32_t frame;
	int result = memory_types[region->type]->bring(region, page, write, &frame);

	if (result == OK)
		pagetable_set(entry, frame | PTE_PRESENT | PTE_USER);
	return result;
}

/* The entry gets a frame of its own instead of the one that it shares. */
static int copy_shared(const struct space *space, vir_bytes page, uint32_t *entry, uint32_t right)
{
	phys_bytes shared = *entry & PTE_FRAME, copy = frame_allocate_copy(shared, *entry & PTE_PAID);

	if (!copy)
		return -ENOMEM;
	note_add(NOTE_COPY, shared, copy);
	pagetable_set(entry, copy | PTE_PRESENT | PTE_USER | right);
	note_add(NOTE_INVAL_PAGE, pagetable_physical(&space->pagetable), page);
	frame_release(shared, false);
	return OK;
}

/*
 * The first write since the page was shared. If the count is 1 now, this entry is the last that refers to the
 * frame, and none can be just about to: a reference is only ever added by VM, which does one thing at a time,
 * to a frame that it has found in an entry in the same request (or in the archive, which never gives up its
 * own reference). So the count can't rise before the right is given, and whoever shares the frame later takes
 * the right away again.
 */
static int make_writable(const struct space *space, vir_bytes page, uint32_t *entry)
{
	if (!(*entry & (PTE_LENT | PTE_DEVICE)) && frame_shared(*entry & PTE_FRAME))
		return copy_shared(space, page, entry, PTE_WRITE);
	/* No note: a translation that forbids the write is forgotten by the very fault it causes. */
	pagetable_set(entry, (*entry & ~PTE_PAID) | PTE_WRITE);
	return OK;
}

int space_make_own(struct space *space, vir_bytes page, uint32_t *entry)
{
	if (*entry & (PTE_LENT | PTE_DEVICE) || !frame_shared(*entry & PTE_FRAME))
		return OK;
	return copy_shared(space, page, entry, 0);
}

int space_bring(struct space *space, vir_bytes address, bool write)
{
	const struct region *region = regions_find(&space->regions, address);
	vir_bytes page = page_down(address);
	uint32_t *entry;

	if (!region)
		return -EFAULT;
	if (!region_allows(region, write))
		return -EACCES;
	entry = pagetable_make(&space->pagetable, page);
	if (!entry)
		return -ENOMEM;
	if (!*entry)
		return bring_new(region, page, write, entry);
	if (write && !(*entry & PTE_WRITE))
		return make_writable(space, page, entry);
	return OK; /* another request was faster */
}

int space_bring_all(struct space *space, vir_bytes start, vir_bytes end, bool write)
{
	int result = OK;

	for (vir_bytes page = page_down(start); page < end && result == OK; page += PAGE_SIZE)
		result = space_bring(space, page, write);
	return result;
}

/*
 * After -ENOMEM: who the system can't do without gets what is kept in reserve. Only now the kernel is asked
 * who that is.
 */
static int bring_from_reserve(const struct process *owner, vir_bytes start, vir_bytes end, bool write)
{
	int result;

	if (!process_open_reserve(owner->endpoint))
		return -ENOMEM;
	result = space_bring_all(owner->space, start, end, write);
	memory_close();
	return result;
}

int do_pagefault(endpoint_t caller, const struct vm_pagefault_req *request, struct vm_pagefault_rep *reply)
{
	const struct process *process = process_find(caller);
	vir_bytes address = request->address;
	bool write = request->error & VM_FAULT_WRITE;
	int result = -ENOMEM;

	(void)reply;
	if (!process)
		return -EFAULT;
	if (!process_takes_aside(process))
		result = space_bring(process->space, address, write);
	if (result != -ENOMEM)
		return result;
	return bring_from_reserve(process, address, address + 1, write);
}

/* On behalf of a stranger, who can name addresses as it likes, nobody's memory comes from the reserve. */
static bool may_use_reserve(endpoint_t caller)
{
	return caller == PM_PROC_NR || process_may_use_reserve(caller);
}

static int bring_for(endpoint_t caller, const struct process *owner, vir_bytes start, vir_bytes end,
                     bool write)
{
	int result = -ENOMEM;

	if (!process_takes_aside(owner) || !may_use_reserve(caller))
		result = space_bring_all(owner->space, start, end, write);
	if (result != -ENOMEM || !may_use_reserve(caller))
		return result;
	return bring_from_reserve(owner, start, end, write);
}

int do_memreq(endpoint_t caller, const struct vm_memreq_req *request, struct vm_memreq_rep *reply)
{
	const struct process *owner = process_find(request->endpoint);
	vir_bytes start = request->address, end;

	(void)reply;
	if (!owner || start >= PROC_SIZE || request->bytes > PROC_SIZE - start)
		return -EFAULT;
	end = start + request->bytes;
	if (!regions_allow(&owner->space->regions, start, end, request->write))
		return -EFAULT;
	/* The kernel asks again for what is left, and everybody else has had a turn in between. */
	if (end - start > VM_MEMREQ_BYTES_MAX)
		end = start + VM_MEMREQ_BYTES_MAX;
	return bring_for(caller, owner, start, end, request->write);
}
