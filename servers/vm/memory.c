/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include "frames.h"
#include "pagetable.h"
#include "pool.h"
#include "types.h"
#include "vm.h"

/* Of each half. RS has fewer pages of its own. */
#define RESERVE_FRAMES     64
#define RESERVE_POOL_PAGES 8

static void require(bool condition, const char *otherwise)
{
	if (!condition)
		vm_panic(otherwise);
}

static void check(const struct boot_info *info)
{
	require(info->nr_ranges <= BOOT_MMAP_MAX, "boot_info: too many ranges");
	require(info->region_end % BIG_PAGE_SIZE == 0 && info->region_end <= KERNEL_MAX,
	        "boot_info: bad region");
	require(info->vm_base % PAGE_SIZE == 0 && info->pool_start % PAGE_SIZE == 0,
	        "boot_info: bad alignment");
	require(info->pool_start < info->pool_end && info->vm_base + info->pool_end == info->region_end,
	        "boot_info: the pool does not end where the region does");
	require(info->archive_start % PAGE_SIZE == 0 && info->archive_start >= info->region_end,
	        "boot_info: the archive is in the kernel's way");
}

/* The pool starts with the frame table; the rest is handed out by pages. */
void memory_init(const struct boot_info *info, void *pool)
{
	uint32_t table, bytes = info->pool_end - info->pool_start;

	check(info);
	table = page_up(frames_table_bytes(info));
	require(table < bytes, "boot_info: the pool is too small for the frame table");
	frames_init(info, pool);
	pool_init((char *)pool + table, info->vm_base + info->pool_start + table,
	          (bytes - table) >> PAGE_SHIFT);
	pagetable_init(info->region_end);
	archive_init(info);
	memory_keep_reserve(RESERVE_ALL);
}

void memory_keep_reserve(enum memory_reserve reserve)
{
	uint32_t halves = reserve; /* RESERVE_NONE is 0, RESERVE_ALL 2 */

	frames.reserve = halves * RESERVE_FRAMES;
	pool_keep(halves * RESERVE_POOL_PAGES);
}
