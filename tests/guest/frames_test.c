/* SPDX-License-Identifier: MIT */
/* guest: flags=inspect */
/* Whose the page frames are, told to those who may know, and what becomes of hostile questions. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "pages.h"
#include "tap.h"

#define PAGES 600 /* more than one answer holds */

static void *map(size_t pages, int prot)
{
	void *block = mmap(NULL, pages * PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return block == MAP_FAILED ? NULL : block;
}

static uint32_t region_end(void)
{
	struct boot_info info;
	CHECK_INT(sys_getinfo(GET_BOOTINFO, &info, sizeof(info), 0), sizeof(info));
	return info.region_end;
}

/* The page of `whose` at `address`; frame 0: there is none. */
static struct vm_page page_at(endpoint_t whose, const void *address)
{
	struct vm_page page = {0};
	uint32_t from = (vir_bytes)address;
	CHECK(vm_pages(whose, VM_PAGES_MEMORY, &from, &page, 1) >= 0);
	if (page.address != ((vir_bytes)address & ~(PAGE_SIZE - 1)))
		page.frame = 0;
	return page;
}

static void a_page_appears_when_it_is_touched(void)
{
	char *block = map(2, PROT_READ | PROT_WRITE);
	REQUIRE(block != NULL);
	CHECK_INT(page_at(SELF, block).frame, 0);
	block[0] = 1;
	struct vm_page page = page_at(SELF, block);
	CHECK(page.frame >= region_end() && page.frame % PAGE_SIZE == 0);
	CHECK_INT(page.flags, VM_PAGE_WRITE);
	munmap(block, 2 * PAGE_SIZE);
	CHECK_INT(page_at(SELF, block).frame, 0);
}

static char *shared;

static void wait_for_the_end(void)
{
	pause();
}

static void a_forked_page_is_one_frame_until_it_is_written(void)
{
	shared = map(1, PROT_READ | PROT_WRITE);
	REQUIRE(shared != NULL);
	shared[0] = 1;
	pid_t pid = tap_start(wait_for_the_end);
	endpoint_t child = pm_endpoint(pid);
	struct vm_page mine = page_at(SELF, shared), its = page_at(child, shared);
	CHECK(mine.frame != 0 && mine.frame == its.frame);
	CHECK_INT(mine.flags, VM_PAGE_SHARED);
	CHECK_INT(its.flags, VM_PAGE_SHARED);
	shared[0] = 2;
	mine = page_at(SELF, shared);
	CHECK(mine.frame != its.frame);
	CHECK_INT(mine.flags, VM_PAGE_WRITE);
	CHECK_INT(page_at(child, shared).frame, its.frame);
	CHECK_INT(page_at(child, shared).flags, 0); /* its own by now, and not yet written to */
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	munmap(shared, PAGE_SIZE);
}

static void many_pages_are_told_piece_by_piece(void)
{
	static struct vm_page pages[VM_PAGES_AT_ONCE];
	char *block = map(PAGES, PROT_READ | PROT_WRITE);
	struct vm_procinfo_rep info;
	uint32_t from = 0, told = 0, mine = 0;
	REQUIRE(block != NULL);
	memset(block, 1, PAGES * PAGE_SIZE);
	do {
		int count = vm_pages(SELF, VM_PAGES_MEMORY, &from, pages, VM_PAGES_AT_ONCE);
		REQUIRE(count >= 0);
		told += (uint32_t)count;
		for (int i = 0; i < count; i++)
			mine += pages[i].address - (vir_bytes)block < PAGES * PAGE_SIZE;
	} while (from);
	CHECK_INT(mine, PAGES);
	CHECK_INT(vm_procinfo(SELF, &info), OK);
	CHECK_INT(told, info.resident);
	munmap(block, PAGES * PAGE_SIZE);
}

static void tables_are_told_too(void)
{
	static struct vm_page pages[VM_PAGES_AT_ONCE];
	struct vm_procinfo_rep info;
	uint32_t from = 0, tables = 0;
	int count = vm_pages(SELF, VM_PAGES_TABLES, &from, pages, VM_PAGES_AT_ONCE);
	CHECK_INT(from, 0);
	for (int i = 0; i < count; i++) {
		CHECK(pages[i].frame < region_end());
		tables += pages[i].flags == VM_PAGE_TABLE;
	}
	CHECK_INT(vm_procinfo(SELF, &info), OK);
	CHECK_INT(tables, info.tables);
	CHECK(vm_pages(VM_PROC_NR, VM_PAGES_TABLES, &from, pages, VM_PAGES_AT_ONCE) > 1);
}

static int raw(endpoint_t whose, uint32_t what, uint32_t from, vir_bytes buffer, uint32_t count)
{
	union vm_pages_message call;
	call.req = (struct vm_pages_req){whose, what, from, buffer, count};
	return vm_pages_call(&call);
}

static void buffers_that_can_not_take_the_answer_are_refused(void)
{
	char *fresh = map(1, PROT_READ | PROT_WRITE), *constant = map(1, PROT_READ);
	REQUIRE(fresh != NULL && constant != NULL);
	const vir_bytes bad[] = {
	        0,         0x1000,        (vir_bytes)fresh, (vir_bytes)constant, (vir_bytes)(uintptr_t)raw,
	        PROC_SIZE, PROC_SIZE - 4, 0xf0000000u,      0xffffffffu};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(raw(SELF, VM_PAGES_MEMORY, 0, bad[i], VM_PAGES_AT_ONCE), -EFAULT);
	CHECK_INT(page_at(SELF, fresh).frame, 0); /* VM did not bring it in for itself */
	fresh[0] = 1;
	CHECK_INT(raw(SELF, VM_PAGES_MEMORY, 0, (vir_bytes)fresh, UINT32_MAX), OK);
	CHECK_INT(raw(SELF, VM_PAGES_MEMORY, 0, (vir_bytes)fresh + PAGE_SIZE - 4, 1), -EFAULT);
	munmap(fresh, PAGE_SIZE);
	munmap(constant, PAGE_SIZE);
}

static void questions_that_make_no_sense_are_refused(void)
{
	static struct vm_page pages[4];
	vir_bytes buffer = (vir_bytes)pages;
	CHECK_INT(raw(SELF, VM_PAGES_TABLES + 1, 0, buffer, 4), -EINVAL);
	CHECK_INT(raw(SELF, UINT32_MAX, 0, buffer, 4), -EINVAL);
	CHECK_INT(raw(SELF, VM_PAGES_MEMORY, 0, buffer, 0), -EINVAL);
	CHECK_INT(raw(PM_PROC_NR, VM_PAGES_MEMORY, 0, buffer, 4), -EDEADSRCDST);
	CHECK_INT(raw(NONE, VM_PAGES_TABLES, 0, buffer, 4), -EDEADSRCDST);
	CHECK_INT(raw(INT32_MIN, VM_PAGES_TABLES, 0, buffer, 4), -EDEADSRCDST);
	CHECK_INT(raw(INT32_MAX, VM_PAGES_MEMORY, 0, buffer, 4), -EDEADSRCDST);
	CHECK_INT(raw(SELF, VM_PAGES_MEMORY, UINT32_MAX, buffer, 4), OK);
	CHECK_INT(raw(SELF, VM_PAGES_TABLES, UINT32_MAX, buffer, 4), OK);
	CHECK_INT(raw(VM_PROC_NR, VM_PAGES_TABLES, UINT32_MAX, buffer, 4), OK);
}

static void grow_and_exit(void)
{
	char *block = map(100, PROT_READ | PROT_WRITE);
	REQUIRE(block != NULL);
	memset(block, 1, 100 * PAGE_SIZE);
}

/* A process may die between two pieces of its list. */
static void the_dying_are_told_of_or_not(void)
{
	struct vm_page pages[7];
	for (int round = 0; round < 50; round++) {
		pid_t pid = tap_start(grow_and_exit);
		endpoint_t child = pm_endpoint(pid);
		uint32_t from = 0;
		int count;
		do
			count = vm_pages(child, VM_PAGES_MEMORY, &from, pages, 7);
		while (count >= 0 && from);
		CHECK(count >= 0 || count == -EDEADSRCDST);
		CHECK_EXITED(tap_wait(pid), 0);
	}
	(void)free_pages(); /* the account still adds up */
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_page_appears_when_it_is_touched),
	        TEST(a_forked_page_is_one_frame_until_it_is_written),
	        TEST(many_pages_are_told_piece_by_piece),
	        TEST(tables_are_told_too),
	        TEST(buffers_that_can_not_take_the_answer_are_refused),
	        TEST(questions_that_make_no_sense_are_refused),
	        TEST(the_dying_are_told_of_or_not),
	};
	return TAP_RUN(tests);
}
