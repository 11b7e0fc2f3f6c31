/* SPDX-License-Identifier: MIT */
/* Who has each page frame of the machine. See frames.h. */
#include <stdlib.h>
#include <string.h>
#include <granite/abi/layout.h>

#include "frames.h"

static uint32_t end_of(phys_bytes start, phys_bytes bytes)
{
	return (start >> PAGE_SHIFT) + ((bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static uint32_t count_of(const struct boot_info *info)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < info->nr_ranges && i < BOOT_MMAP_MAX; i++) {
		uint32_t end = end_of(info->ranges[i].start, info->ranges[i].bytes);
		count = end > count ? end : count;
	}
	return count;
}

/* Changes what of [first, end) is memory. */
static void give(struct frames *frames, uint32_t first, uint32_t end, enum owner owner)
{
	for (uint32_t n = first; n < end && n < frames->count; n++)
		if (frames->owner[n] != OWNER_NOTHING)
			frames->owner[n] = (uint16_t)owner;
}

int frames_init(struct frames *frames, const struct boot_info *info)
{
	frames->count = count_of(info);
	frames->owner = calloc(frames->count ? frames->count : 1, sizeof(frames->owner[0]));
	if (!frames->owner)
		return -1;
	for (uint32_t i = 0; i < info->nr_ranges && i < BOOT_MMAP_MAX; i++)
		for (uint32_t n = info->ranges[i].start >> PAGE_SHIFT;
		     n < end_of(info->ranges[i].start, info->ranges[i].bytes); n++)
			frames->owner[n] = OWNER_FREE;
	uint32_t pool = (info->vm_base + info->pool_start) >> PAGE_SHIFT;
	give(frames, 0, pool, OWNER_KERNEL);
	give(frames, pool, info->region_end >> PAGE_SHIFT, OWNER_POOL);
	give(frames, info->archive_start >> PAGE_SHIFT, end_of(info->archive_start, info->archive_bytes),
	     OWNER_ARCHIVE);
	return 0;
}

void frames_free(struct frames *frames)
{
	free(frames->owner);
	*frames = (struct frames){NULL, 0};
}

void frames_claim(struct frames *frames, const struct vm_page *page, uint32_t owner)
{
	uint32_t number = page->frame >> PAGE_SHIFT;
	if (number >= frames->count)
		return;
	uint16_t *old = &frames->owner[number];
	if (page->flags & VM_PAGE_TABLE)
		*old = OWNER_TABLES;
	else if (page->flags & VM_PAGE_RECORD)
		*old = OWNER_VM;
	else if (*old == OWNER_FREE)
		*old = (uint16_t)owner;
	else if (*old >= OWNER_PROCESSES && *old != owner)
		*old = OWNER_SHARED;
}

void frames_count(const struct frames *frames, uint32_t *counts, uint32_t nr_owners)
{
	memset(counts, 0, nr_owners * sizeof(counts[0]));
	for (uint32_t n = 0; n < frames->count; n++)
		if (frames->owner[n] < nr_owners)
			counts[frames->owner[n]]++;
}

int frames_agree(const uint32_t *counts, uint32_t nr_owners, const struct vm_info_rep *info)
{
	uint32_t processes = counts[OWNER_SHARED];
	for (uint32_t owner = OWNER_PROCESSES; owner < nr_owners; owner++)
		processes += counts[owner];
	return counts[OWNER_KERNEL] == info->kernel && counts[OWNER_VM] == info->vm_tables &&
	       counts[OWNER_TABLES] == info->pool_used && counts[OWNER_POOL] == info->pool_free &&
	       counts[OWNER_ARCHIVE] == info->archive && counts[OWNER_FREE] == info->free &&
	       processes == info->process;
}
