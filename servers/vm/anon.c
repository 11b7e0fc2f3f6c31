/* SPDX-License-Identifier: MIT */
/* Zero-filled memory, kept or not: see types.h. */
#include "frames.h"
#include "notes.h"
#include "pagetable.h"
#include "types.h"
#include "vm.h"

/* A page only read gets a frame as well: the write that mostly follows then needs no second fault. */
static int bring(const struct region *region, vir_bytes page, bool write, uint32_t *entry)
{
	phys_bytes frame = frame_allocate();

	(void)page;
	(void)write;
	if (!frame)
		return -ENOMEM;
	note_add(NOTE_ZERO, frame, 0);
	*entry = frame | (region->prot & VM_PROT_WRITE ? PTE_WRITE : 0);
	return OK;
}

static uint32_t advance(uint32_t object, uint32_t bytes)
{
	(void)bytes;
	return object;
}

const struct memory_type anonymous_type = {.bring = bring, .advance = advance, .shareable = true};

const struct memory_type kept_type = {.bring = bring, .advance = advance, .shareable = true};
