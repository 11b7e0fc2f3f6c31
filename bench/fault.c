/* SPDX-License-Identifier: MIT */
/* Page faults: a process touches a page, VM provides it. The page table is there already. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/abi/layout.h>

#include "measure.h"

#define PAGES 64

/* One page more than are faulted, which stays: it keeps the page table. */
static volatile char *pages;
static int sharer;

/* All within the reach of one page table. */
static void reserve(void)
{
	char *room = mmap(NULL, 2 * BIG_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(room != MAP_FAILED);
	uintptr_t start = ((uintptr_t)room + BIG_PAGE_SIZE - 1) & ~(BIG_PAGE_SIZE - 1);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	pages = mmap((void *)start, (PAGES + 1) * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
	REQUIRE(pages == (char *)start);
	pages[PAGES * PAGE_SIZE] = 1;
}

static void touch(uint32_t i)
{
	pages[i * PAGE_SIZE] = 1;
}

static void touch_all(void)
{
	for (uint32_t i = 0; i <= PAGES; i++)
		touch(i);
}

/* ---- First touch of an anonymous page: VM takes a frame, the kernel zeroes it ---- */

static void map_fresh(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	REQUIRE(mmap((void *)pages, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0) == pages);
}

/* ---- First write to a page after fork, while the child has it too: the page is copied ---- */

static void share(void)
{
	touch_all();
	bench_start(bench_idle, 0, &sharer);
	bench_settle();
	touch(PAGES);
}

static void end_sharer(void)
{
	bench_end(sharer);
}

/* ---- The same after the child's end: the page is ours alone again, and is made writable ---- */

static void share_for_a_moment(void)
{
	share();
	end_sharer();
}

static const struct row rows[] = {
        ROW("fault.anon", PAGES, touch, .setup = reserve, .prepare = map_fresh),
        ROW("fault.cow_copy", PAGES, touch, .setup = reserve, .prepare = share, .finish = end_sharer),
        ROW("fault.cow_last", PAGES, touch, .setup = reserve, .prepare = share_for_a_moment),
        ROW("scale.fault_10", PAGES, touch, .setup = reserve, .prepare = map_fresh, .others = 10),
        ROW("scale.fault_500", PAGES, touch, .setup = reserve, .prepare = map_fresh, .others = 500),
};

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
