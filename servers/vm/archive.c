/* SPDX-License-Identifier: MIT */
/* Memory with the contents of the boot archive: see types.h. */
#include "frames.h"
#include "notes.h"
#include "pagetable.h"
#include "types.h"
#include "vm.h"

static struct {
	phys_bytes start;
	uint32_t bytes;
} archive;

void archive_init(const struct boot_info *info)
{
	archive.start = info->archive_start;
	archive.bytes = page_up(info->archive_bytes);
}

phys_bytes archive_start(void)
{
	return archive.start;
}

uint32_t archive_bytes(void)
{
	return archive.bytes;
}

/* The archive has its own reference to each frame: so a mapped one is shared, and never written to. */
static int bring(const struct region *region, vir_bytes page, bool write, uint32_t *entry)
{
	phys_bytes original = region->object + (page - region->start), copy;

	if (!write) {
		frame_share(original);
		*entry = original;
		return OK;
	}
	copy = frame_allocate();
	if (!copy)
		return -ENOMEM;
	note_add(NOTE_COPY, original, copy);
	*entry = copy | PTE_WRITE;
	return OK;
}

static uint32_t advance(uint32_t object, uint32_t bytes)
{
	return object + bytes;
}

const struct memory_type archive_type = {.bring = bring, .advance = advance, .shareable = true};
