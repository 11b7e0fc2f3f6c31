/* SPDX-License-Identifier: MIT */
/*
 * An address space: the regions say what may be there, the page table what is there. Each is a page of the
 * pool, with what hangs on it. Invariants: every entry that is not 0 lies in a region; a table exists only
 * where a region does; an entry is present if the region's rights are not none, and writable only if the
 * region is, and the frame is not shared copy-on-write. The entries of lent regions, which are all there, and
 * no others have PTE_LENT.
 */
#ifndef VM_SPACE_H
#define VM_SPACE_H

#include <stdbool.h>

#include <granite/abi/vm.h>

#include "lend.h"
#include "pagetable.h"
#include "region.h"

struct kept;

struct space {
	endpoint_t endpoint; /* whose it is, or was; process.c */
	struct pagetable pagetable;
	struct regions regions;
	struct lendings lendings;
	struct kept *kept;              /* kept.h; NULL: it has never kept anything */
	vir_bytes heap_start, heap_end; /* brk(2)'s: heap_end is the break, of any alignment */
};

/* An empty one; NULL: the pool is empty. */
struct space *space_create(void);

/* Gives back all it has. The kernel has left its directory. */
void space_destroy(struct space *space);

/* A copy that shares all pages: from now on either side copies what it writes to. NULL: the pool is empty. */
struct space *space_clone(struct space *parent);

/* Adds a region; -ENOMEM: no room for it, -EEXIST: something is there. */
int space_map(struct space *space, const struct region *region);

/* Both only after regions_may_change() has agreed, so they can't fail. The range is within the process. */
void space_unmap(struct space *space, vir_bytes start, vir_bytes end); /* ends lendings of it too */
void space_protect(struct space *space, vir_bytes start, vir_bytes end, uint32_t prot);

/* fault.c: makes the page of `address` readable, or writable. -EFAULT: the region forbids it; -ENOMEM. */
int space_bring(struct space *space, vir_bytes address, bool write);

/* The same for all pages of a range; they may be there already. */
int space_bring_all(struct space *space, vir_bytes start, vir_bytes end, bool write);

/* fault.c: gives the page, which is there, a frame that is not shared copy-on-write. -ENOMEM. */
int space_make_own(struct space *space, vir_bytes page, uint32_t *entry);

/* Forgets whole regions whose entries are 0. */
void space_remove_regions(struct space *space, vir_bytes start, vir_bytes end);

/* Counts what vm_procinfo tells. */
void space_count(const struct space *space, struct vm_procinfo_rep *count);

/* Tells what vm_region does of one of the space's regions. */
void space_describe(const struct space *space, const struct region *region, struct vm_region_rep *reply);

#endif
