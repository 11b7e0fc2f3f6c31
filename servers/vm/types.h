/* SPDX-License-Identifier: MIT */
/* Memory types: what backs a region. Everything that differs between them is here. */
#ifndef VM_TYPES_H
#define VM_TYPES_H

#include <granite/abi/info.h>

#include "region.h"

struct memory_type {
	/*
	 * Finds what belongs at `page`, which has nothing yet: stores a frame, with a reference for the page,
	 * and with PTE_WRITE if the process may write to just this frame. `write`: it must be writable.
	 * -ENOMEM.
	 */
	int (*bring)(const struct region *region, vir_bytes page, bool write, uint32_t *entry);

	/* What `object` is `bytes` further on in the region. */
	uint32_t (*advance)(uint32_t object, uint32_t bytes);

	/* The rights that a region can be given; NULL: any. */
	uint32_t (*most_rights)(const struct region *region);

	/* Its pages are the process's own: they may be shared copy-on-write. */
	bool shareable;
};

extern const struct memory_type *const memory_types[]; /* by enum region_type */

/* Zeros, everybody's own. */
extern const struct memory_type anonymous_type;

/* The same, from KEPT_BASE to KEPT_END: kept.h. `object` names it. */
extern const struct memory_type kept_type;

/* Frames of the boot archive, mapped privately: what is written is a copy. `object` is the frame. */
extern const struct memory_type archive_type;

/* What others have lent: lend.h. `object` names the lending. */
extern const struct memory_type lent_type;

/* A device's memory: `object` is its physical address. */
extern const struct memory_type device_type;

/* Where the boot archive is in physical memory, and its length, a whole number of pages. */
void archive_init(const struct boot_info *info);
phys_bytes archive_start(void);
uint32_t archive_bytes(void);

#endif
