/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include "frames.h"
#include "pagetable.h"
#include "pool.h"
#include "types.h"
#include "vm.h"

struct stock {
	int32_t frames, pool_pages;
};

/* RS has fewer pages of its own. */
static const struct stock for_rs = {64, 8};
/* The largest of the system's, the data store, takes some 280 and 15 from the fork to its first request. */
static const struct stock for_services = {384, 32};
/* More than all of the system's services have together. It is lost to others if they do not come again. */
static const struct stock aside_max = {512, 64};

static struct stock aside;

static enum memory_reserve kept; /* what is kept back now */

/* At memory_open(). */
static struct stock stock_before;
static enum memory_reserve kept_before;

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

static void keep_back(enum memory_reserve reserve)
{
	struct stock stock = {0};

	if (reserve != RESERVE_NONE)
		stock = for_rs;
	if (reserve == RESERVE_ALL) {
		stock.frames += for_services.frames + aside.frames;
		stock.pool_pages += for_services.pool_pages + aside.pool_pages;
	}
	frames.reserve = (uint32_t)stock.frames;
	pool_keep((uint32_t)stock.pool_pages);
	kept = reserve;
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
	aside = (struct stock){0};
	keep_back(RESERVE_ALL);
}

static struct stock stock_now(void)
{
	return (struct stock){(int32_t)(frames.free - frames.promised), (int32_t)pool_unused()};
}

void memory_open(enum memory_reserve reserve)
{
	stock_before = stock_now();
	kept_before = kept;
	keep_back(reserve);
}

static int32_t within(int32_t number, int32_t max)
{
	if (number < 0)
		return 0;
	return number < max ? number : max;
}

void memory_close(void)
{
	struct stock now = stock_now();

	aside.frames = within(aside.frames + now.frames - stock_before.frames, aside_max.frames);
	aside.pool_pages =
	        within(aside.pool_pages + now.pool_pages - stock_before.pool_pages, aside_max.pool_pages);
	keep_back(kept_before);
}

bool memory_is_set_aside(void)
{
	return aside.frames || aside.pool_pages;
}
