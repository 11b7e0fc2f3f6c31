/* SPDX-License-Identifier: MIT */
/* Fork: an address space that shares its parent's pages copy-on-write. And exit, which ends one. */
#include <granite/sys.h>

#include "frames.h"
#include "kept.h"
#include "memory.h"
#include "notes.h"
#include "process.h"
#include "vm.h"

struct sharing {
	struct flush flush; /* of the parent's translations */
	struct pagetable *child;
	uint32_t right; /* PTE_WRITE, if a copy may be written to */
};

/* The child gets a copy at once: the page is lent to others, or to the parent. */
static int copy_page(const struct sharing *sharing, uint32_t *child, uint32_t old)
{
	phys_bytes copy = frame_allocate();

	if (!copy)
		return -ENOMEM;
	note_add(NOTE_COPY, old & PTE_FRAME, copy);
	pagetable_set(child,
	              copy | (old & PTE_PRESENT) | PTE_USER | (old & PTE_PRESENT ? sharing->right : 0));
	return OK;
}

/*
 * Who came to share a frame by a promise needs one more for the child: it could else write, take what was
 * promised to the page's owner as well, and leave that to share the page with the child unpaid. The owner's
 * child needs none: no promise is its, nor its parent's, while both share the page (frames.h).
 */
static bool share_frame(uint32_t entry)
{
	if (entry & PTE_PAID)
		return frame_share_paid(entry & PTE_FRAME);
	frame_share(entry & PTE_FRAME);
	return true;
}

/* Both sides' entry, without the right to write. Nobody but the two shares a frame that is the parent's
 * alone. */
static uint32_t shared_entry(uint32_t old)
{
	return old & ~(frame_shared(old & PTE_FRAME) ? PTE_WRITE : PTE_WRITE | PTE_PAID);
}

/*
 * Interrupts may let others run in the middle of a fork, the parent too if it did not wait for its call. That
 * is no harm: the child is not known to the kernel before it is whole, and the parent can only lose rights to
 * write; what it then asks for waits until the fork is done.
 */
static int share_page(void *context, vir_bytes address, uint32_t *entry)
{
	struct sharing *sharing = context;
	uint32_t *child = pagetable_make(sharing->child, address);
	uint32_t old = *entry, new = shared_entry(old);

	if (!child)
		return -ENOMEM;
	if (frame_lent(old & PTE_FRAME))
		return copy_page(sharing, child, old);
	if (!share_frame(new))
		return -ENOMEM;
	pagetable_set(entry, new);
	if (old & PTE_WRITE)
		flush_page(&sharing->flush, address);
	pagetable_set(child, new);
	return OK;
}

static int share_pages(const struct space *parent, struct space *child)
{
	struct sharing sharing = {
	        .flush.directory = pagetable_physical(&parent->pagetable),
	        .child = &child->pagetable,
	};
	const struct region *region;
	int result = OK;

	for (region = regions_first(&child->regions, 0, PROC_SIZE); region && result == OK;
	     region = regions_next(&child->regions, region, PROC_SIZE)) {
		sharing.right = region->prot & VM_PROT_WRITE ? PTE_WRITE : 0;
		result = pagetable_each(&parent->pagetable, region->start, region->end, share_page, &sharing);
	}
	flush_end(&sharing.flush);
	return result;
}

static bool stays_behind(const struct region *region)
{
	return region->type == REGION_DEVICE || kept_touches(region->start, region->end) ||
	       (region->type == REGION_LENT && lending_of(region)->flags & VM_LEND_UNMAP);
}

/*
 * What is lent to the parent is memory of the child's own, a snapshot, or nothing; a device's is nothing, and
 * so is all in the kept range: only one process is to come into it.
 */
static void keep_snapshots(struct space *child)
{
	const struct region *found;
	struct region region = {.end = 0};

	while ((found = regions_from(&child->regions, region.end))) {
		region = *found;
		if (stays_behind(&region))
			regions_remove(&child->regions, region.start, region.end);
		else if (region.type == REGION_LENT)
			regions_retype(&child->regions, region.start, region.end, REGION_ANONYMOUS);
	}
}

static int clone_contents(struct space *child, const struct space *parent)
{
	int result = regions_copy(&child->regions, &parent->regions);

	if (result != OK)
		return result;
	keep_snapshots(child);
	return share_pages(parent, child);
}

/* When it fails halfway, the parent's pages are its own again as soon as it writes to them. */
struct space *space_clone(struct space *parent)
{
	struct space *child = space_create();

	if (!child)
		return NULL;
	child->heap_start = parent->heap_start;
	child->heap_end = parent->heap_end;
	if (clone_contents(child, parent) != OK) {
		space_destroy(child);
		return NULL;
	}
	return child;
}

static int fork_space(endpoint_t parent, struct space **child)
{
	struct space *space = NULL;

	if (parent != NONE) {
		space = process_space(parent);
		if (!space)
			return -EDEADSRCDST;
		if (frames_available() < FORK_FRAMES)
			return -ENOMEM;
	}
	*child = space ? space_clone(space) : space_create();
	return *child ? OK : -ENOMEM;
}

static int fork_process(endpoint_t parent, endpoint_t *endpoint)
{
	struct space *child;
	int result = fork_space(parent, &child);

	if (result != OK)
		return result;
	result = sys_fork(parent, pagetable_physical(&child->pagetable), endpoint);
	if (result == OK)
		process_add(*endpoint, child, parent == RS_PROC_NR);
	else
		space_destroy(child);
	return result;
}

/* RS has the services' part of the reserve for it. Its own part must not be lost by starting others. */
int do_fork(endpoint_t caller, const struct vm_fork_req *request, struct vm_fork_rep *reply)
{
	int result;

	if (caller != PM_PROC_NR)
		return -EPERM;
	if (request->parent != RS_PROC_NR)
		return fork_process(request->parent, &reply->child);
	memory_open(RESERVE_FOR_RS);
	result = fork_process(request->parent, &reply->child);
	memory_close();
	return result;
}

static void leave(struct space *space)
{
	if (kept_any(space))
		estate_leave(space);
	else
		space_destroy(space);
}

int do_exit(endpoint_t caller, const struct vm_exit_req *request, struct vm_exit_rep *reply)
{
	struct process *process = process_find(request->endpoint);

	(void)reply;
	if (caller != PM_PROC_NR)
		return -EPERM;
	if (!process)
		return -EDEADSRCDST;
	if (process_has_reserve(process))
		memory_open(RESERVE_FOR_RS);
	leave(process->space);
	if (process_has_reserve(process))
		memory_close();
	process_remove(process);
	return OK;
}
