/* SPDX-License-Identifier: MIT */
/* guest: mem=64 timeout=180 */
/* A process's memory: brk, mmap, mprotect, the stack, copy-on-write after fork, and what happens when it runs
 * out. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/abi/counters.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "pages.h"
#include "tap.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(size_t bytes)
{
	char *block = mmap(NULL, bytes, RW, ANON, -1, 0);
	return block == MAP_FAILED ? NULL : block;
}

/* Accesses happen in a child, which a wrong one kills. */
static char *volatile target;

static void read_target(void)
{
	(void)*(volatile char *)target;
}

static void write_target(void)
{
	*(volatile char *)target = 1;
}

static int readable(void *address)
{
	target = address;
	return tap_ending(tap_child(read_target)) == 0;
}

static int writable(void *address)
{
	target = address;
	return tap_ending(tap_child(write_target)) == 0;
}

static void mapped_memory_is_zero_and_stays_what_is_written(void)
{
	char *block = map(1 << 20);
	REQUIRE(block != NULL);
	for (int i = 0; i < 1 << 20; i++)
		REQUIRE(block[i] == 0);
	for (int i = 0; i < 1 << 20; i++)
		block[i] = (char)(i * 7);
	for (int i = 0; i < 1 << 20; i++)
		REQUIRE(block[i] == (char)(i * 7));
	CHECK_INT(munmap(block, 1 << 20), 0);
}

static void unmapped_memory_is_gone(void)
{
	char *block = map(4 * PAGE_SIZE);
	REQUIRE(block != NULL);
	memset(block, 1, 4 * PAGE_SIZE);
	CHECK_INT(munmap(block + PAGE_SIZE, PAGE_SIZE), 0);
	CHECK(readable(block + PAGE_SIZE - 1) && !readable(block + PAGE_SIZE));
	CHECK(!readable(block + 2 * PAGE_SIZE - 1) && readable(block + 2 * PAGE_SIZE));
	CHECK_INT(munmap(block, 4 * PAGE_SIZE), 0);
	CHECK(!readable(block));
}

static void memory_mapped_again_is_zero_again(void)
{
	for (int i = 0; i < 50; i++) {
		int *block = (int *)map(8 * PAGE_SIZE);
		REQUIRE(block != NULL);
		for (unsigned j = 0; j < 8 * PAGE_SIZE / sizeof(int); j++)
			REQUIRE(block[j] == 0);
		memset(block, 0xee, 8 * PAGE_SIZE);
		CHECK_INT(munmap(block, 8 * PAGE_SIZE), 0);
	}
}

static void fixed_mappings_replace_and_noreplace_does_not(void)
{
	char *block = map(3 * PAGE_SIZE);
	REQUIRE(block != NULL);
	memset(block, 7, 3 * PAGE_SIZE);
	CHECK(mmap(block + PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0) == block + PAGE_SIZE);
	CHECK(block[PAGE_SIZE - 1] == 7 && block[PAGE_SIZE] == 0 && block[2 * PAGE_SIZE] == 7);
	vir_bytes at;
	CHECK_INT(vm_mmap((vir_bytes)block, PAGE_SIZE, RW, VM_MAP_FIXED | VM_MAP_NOREPLACE, &at), -EEXIST);
	CHECK(block[0] == 7);
	CHECK_INT(munmap(block, 3 * PAGE_SIZE), 0);
}

static void mappings_that_can_not_be_are_refused(void)
{
	CHECK(mmap(NULL, 0, RW, ANON, -1, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap((void *)0x1001, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED);
	CHECK(mmap((void *)PROC_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED);
	CHECK(mmap((void *)(PROC_SIZE - PAGE_SIZE), 2 * PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0) ==
	      MAP_FAILED);
	CHECK(mmap((void *)0xfffff000, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED);
	CHECK(mmap(NULL, 0xfffff000, RW, ANON, -1, 0) == MAP_FAILED);
	CHECK(munmap((void *)0x1001, PAGE_SIZE) == -1 && errno == EINVAL);
	CHECK(munmap((void *)0xfffff000, 2 * PAGE_SIZE) == -1 && errno == EINVAL);
	vir_bytes at;
	CHECK(vm_mmap(0x20000001, PAGE_SIZE, RW, VM_MAP_FIXED, &at) < 0);
	CHECK(vm_mmap(PROC_SIZE, 1, RW, VM_MAP_FIXED, &at) < 0);
	CHECK(vm_mmap(0, 0xffffffff, RW, 0, &at) < 0);
	CHECK(vm_munmap(0xfffff000, 0x1001) < 0);
	CHECK(vm_munmap(0, 0) < 0);
	CHECK(vm_mprotect(0xfffff000, 0x1001, RW) < 0);
}

static void mprotect_takes_and_gives_rights(void)
{
	char *block = map(3 * PAGE_SIZE);
	REQUIRE(block != NULL);
	memset(block, 7, 3 * PAGE_SIZE);
	CHECK_INT(mprotect(block + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	CHECK(readable(block + PAGE_SIZE) && !writable(block + PAGE_SIZE));
	CHECK(writable(block + PAGE_SIZE - 1) && writable(block + 2 * PAGE_SIZE));
	CHECK_INT(mprotect(block + PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
	CHECK(!readable(block + PAGE_SIZE));
	CHECK_INT(mprotect(block + PAGE_SIZE, PAGE_SIZE, RW), 0);
	CHECK(block[PAGE_SIZE] == 7 && writable(block + PAGE_SIZE));
	CHECK_INT(munmap(block, 3 * PAGE_SIZE), 0);
	CHECK(mprotect(block, PAGE_SIZE, PROT_READ) == -1 && errno == ENOMEM);
}

static void code_and_constants_can_not_be_written(void)
{
	static const char constant[] = "constant";
	CHECK(!writable((void *)(uintptr_t)constant));
	CHECK(!writable((void *)(uintptr_t)read_target));
	CHECK(!readable(NULL) && !readable((void *)0xffff));
}

static void brk_moves_the_end_of_the_heap(void)
{
	char *start = sbrk(0);
	REQUIRE(start != (char *)-1);
	vir_bytes now;
	CHECK_INT(vm_brk((vir_bytes)start + 100000, &now), OK);
	CHECK_INT(now, (vir_bytes)start + 100000);
	memset(start, 5, 100000);
	CHECK_INT(vm_brk((vir_bytes)start, &now), OK);
	CHECK_INT(vm_brk((vir_bytes)start + 100000, &now), OK);
	for (char *p = (char *)(((uintptr_t)start + PAGE_SIZE) & ~(PAGE_SIZE - 1)); p < start + 100000; p++)
		REQUIRE(*p == 0);
	CHECK_INT(vm_brk(0x1000, &now), OK);
	CHECK_INT(now, (vir_bytes)start + 100000);
	CHECK_INT(vm_brk(0xfffffff0, &now), OK);
	CHECK_INT(now, (vir_bytes)start + 100000);
	CHECK_INT(vm_brk((vir_bytes)start, &now), OK);
}

/* Page frames are nobody's business: this test has not the right, not even to its own. */
static void frames_are_told_to_the_privileged_only(void)
{
	struct vm_page pages[4];
	uint32_t from = 0;
	CHECK_INT(vm_pages(SELF, VM_PAGES_MEMORY, &from, pages, 4), -EPERM);
	CHECK_INT(vm_pages(RS_PROC_NR, VM_PAGES_MEMORY, &from, pages, 4), -EPERM);
	CHECK_INT(vm_pages(VM_PROC_NR, VM_PAGES_TABLES, &from, pages, 4), -EPERM);
	CHECK_INT(from, 0);
}

/* ---- The stack ---- */

static void use_stack(size_t bytes)
{
	volatile char *top = __builtin_frame_address(0);
	for (size_t i = PAGE_SIZE; i < bytes; i += PAGE_SIZE)
		top[-(long)i] = 1;
}

static void use_nearly_all_of_the_stack(void)
{
	use_stack(STACK_SIZE_MAX - 64 * 1024);
}

static void use_more_than_the_stack(void)
{
	use_stack(STACK_SIZE_MAX + 2 * PAGE_SIZE);
}

static void the_stack_grows_to_its_limit_and_no_further(void)
{
	CHECK_EXITED(tap_child(use_nearly_all_of_the_stack), 0);
	CHECK_KILLED(tap_child(use_more_than_the_stack), SIGSEGV);
	CHECK(!readable((void *)(STACK_TOP - STACK_SIZE_MAX - PAGE_SIZE)));
}

static void mappings_leave_the_guard_below_the_stack_free(void)
{
	char *block = map(64 << 20);
	REQUIRE(block != NULL);
	CHECK((uintptr_t)block + (64u << 20) <= STACK_TOP - STACK_SIZE_MAX - PAGE_SIZE);
	CHECK_INT(munmap(block, 64 << 20), 0);
}

/* ---- Copy on write ---- */

#define COW_PAGES 200
static char *cow;

static void check_and_change(void)
{
	for (unsigned i = 0; i < COW_PAGES * PAGE_SIZE; i++)
		REQUIRE(cow[i] == (char)(i / PAGE_SIZE));
	memset(cow, 'c', COW_PAGES * PAGE_SIZE);
	for (unsigned i = 0; i < COW_PAGES * PAGE_SIZE; i++)
		REQUIRE(cow[i] == 'c');
}

static void fill_cow(void)
{
	for (unsigned i = 0; i < COW_PAGES * PAGE_SIZE; i++)
		cow[i] = (char)(i / PAGE_SIZE);
}

static void neither_parent_nor_child_sees_the_others_writes(void)
{
	cow = map(COW_PAGES * PAGE_SIZE);
	REQUIRE(cow != NULL);
	fill_cow();
	CHECK_EXITED(tap_child(check_and_change), 0);
	for (unsigned i = 0; i < COW_PAGES * PAGE_SIZE; i++)
		REQUIRE(cow[i] == (char)(i / PAGE_SIZE));
	pid_t pid = fork();
	if (pid == 0) {
		usleep(50000); /* the parent writes meanwhile */
		check_and_change();
		_exit(tap_failures > 0);
	}
	memset(cow, 'p', COW_PAGES * PAGE_SIZE);
	CHECK_EXITED(tap_wait(pid), 0);
	for (unsigned i = 0; i < COW_PAGES * PAGE_SIZE; i++)
		REQUIRE(cow[i] == 'p');
	munmap(cow, COW_PAGES * PAGE_SIZE);
}

static void grandchildren_share_and_part_too(void)
{
	cow = map(COW_PAGES * PAGE_SIZE);
	REQUIRE(cow != NULL);
	fill_cow();
	pid_t pids[4];
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			int status = tap_child(check_and_change);
			check_and_change();
			_exit(tap_failures > 0 || status != 0);
		}
	}
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(tap_wait(pids[i]), 0);
	check_and_change();
	munmap(cow, COW_PAGES * PAGE_SIZE);
}

/* ---- Many and too much ---- */

static void a_thousand_mappings_come_and_go(void)
{
	static char *blocks[1000];
	uint32_t before = free_pages();
	for (int i = 0; i < 1000; i++) {
		blocks[i] = map((1 + i % 5) * PAGE_SIZE);
		REQUIRE(blocks[i] != NULL);
		blocks[i][0] = (char)i;
	}
	for (int i = 0; i < 1000; i++)
		CHECK(blocks[i][0] == (char)i);
	for (int i = 999; i >= 0; i--) {
		int victim = (i * 7919) % 1000;
		CHECK_INT(munmap(blocks[victim], (1 + victim % 5) * PAGE_SIZE), 0);
	}
	/* A page or two of tables may stay for the next time. */
	CHECK(free_pages() + 2 >= before);
}

/* Parts with every other page, so that no two pages make one region. */
static void take_regions_until_refused(void)
{
	unsigned count = 0;
	char *block = map(0x20000000);
	REQUIRE(block != NULL);
	for (unsigned i = 1; i < 0x20000; i += 2, count++)
		if (munmap(block + i * PAGE_SIZE, PAGE_SIZE) != 0)
			break;
	CHECK(count > 100);
}

static void one_process_can_not_exhaust_the_regions_of_others(void)
{
	CHECK_EXITED(tap_child(take_regions_until_refused), 0);
	char *block = map(PAGE_SIZE);
	REQUIRE(block != NULL);
	CHECK_INT(munmap(block, PAGE_SIZE), 0);
}

/* Overcommitted or not: in the end malloc says no, or the process is killed; the system goes on. */
static void eat_all_memory(void)
{
	for (;;) {
		char *block = malloc(1 << 20);
		if (!block)
			_exit(42);
		memset(block, 1, 1 << 20);
		KEEP(block);
	}
}

static void running_out_of_memory_ends_at_worst_the_eater(void)
{
	uint32_t before = free_pages();
	int ending = tap_ending(tap_child(eat_all_memory));
	CHECK(ending == 42 || ending == TAP_SIGNAL + SIGKILL);
	CHECK(free_pages() + 2 >= before);
	target = NULL;
	CHECK_KILLED(tap_child(read_target), SIGSEGV);
}

/* Nobody may without PRIV_KEEP, and without having kept it nobody has memory there. */
static void kept_memory_takes_a_right(void)
{
	int found;
	vir_bytes at;
	CHECK_INT(vm_keep("mine", KEPT_BASE, PAGE_SIZE, &found), -EPERM);
	CHECK_INT(vm_keep("a name too long!", KEPT_BASE, PAGE_SIZE, &found), -EINVAL);
	CHECK_INT(vm_succeed(sys_self(), NONE), -EPERM);
	CHECK_INT(vm_mmap(KEPT_BASE, PAGE_SIZE, RW, VM_MAP_FIXED, &at), -EINVAL);
	CHECK_INT(vm_mmap(KEPT_BASE, PAGE_SIZE, RW, 0, &at), OK);
	CHECK(at < KEPT_BASE);
	CHECK_INT(vm_munmap(at, PAGE_SIZE), OK);
	CHECK(mmap((void *)(uintptr_t)KEPT_BASE, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	           0) == MAP_FAILED);
	CHECK_INT(errno, EINVAL);
}

static void populate_all(void)
{
	vir_bytes at;
	CHECK_INT(vm_mmap(0, 512 << 20, RW, VM_MAP_POPULATE, &at), -ENOMEM);
	CHECK_INT(vm_mmap(0, 1 << 20, RW, VM_MAP_POPULATE, &at), OK);
}

static void populating_more_than_there_is_gives_enomem(void)
{
	uint32_t before = free_pages();
	CHECK_EXITED(tap_child(populate_all), 0);
	CHECK(free_pages() + 2 >= before);
}

/* ---- Pages asked for beforehand ---- */

#define ADVICE 23 /* Linux's MADV_POPULATE_WRITE, which musl has no name for */
#define PAGES  16

static uint64_t page_faults(void)
{
	static struct granite_counters counters;
	CHECK_INT(sys_getinfo(GET_COUNTERS, &counters, sizeof(counters), 0), sizeof(counters));
	return counters.page_faults;
}

static void write_each(char *block)
{
	for (int page = 0; page < PAGES; page++)
		block[page * PAGE_SIZE] = 1;
}

static void pages_asked_for_are_written_to_without_a_fault(void)
{
	char *block = map(PAGES * PAGE_SIZE);
	CHECK(block != NULL);
	CHECK_INT(madvise(block, PAGES * PAGE_SIZE, ADVICE), 0);
	uint64_t before = page_faults();
	write_each(block);
	CHECK_INT(page_faults(), before);
	munmap(block, PAGES * PAGE_SIZE);
}

static void what_can_not_be_written_to_is_not_brought_in(void)
{
	char *block = map(2 * PAGE_SIZE);
	CHECK_INT(mprotect(block + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	uint32_t before = free_pages();
	CHECK_INT(vm_populate((vir_bytes)(uintptr_t)block, 2 * PAGE_SIZE), -EFAULT);
	CHECK_INT(free_pages(), before);
	CHECK_INT(vm_populate(0, PAGE_SIZE), -EFAULT);
	CHECK_INT(vm_populate(PROC_SIZE - PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
	CHECK_INT(vm_populate(0xfffff000, 0xffffffff), -EINVAL);
	munmap(block, 2 * PAGE_SIZE);
}

/* It lives to tell that there was no memory. */
static void ask_for_all(void)
{
	vir_bytes at;
	CHECK_INT(vm_mmap(0, 512 << 20, RW, 0, &at), OK);
	CHECK_INT(vm_populate_spare(at, PAGE_SIZE), OK);
	CHECK_INT(vm_populate(at, 512 << 20), -ENOMEM);
	CHECK_INT(vm_populate_spare(at, 512 << 20), -ENOMEM);
}

static void asking_for_more_than_there_is_gives_enomem(void)
{
	uint32_t before = free_pages();
	CHECK_EXITED(tap_child(ask_for_all), 0);
	CHECK(free_pages() + 2 >= before);
}

/* Each child forks on; all wait until fork fails for somebody. */
static void fork_until_refused(void)
{
	enum { MANY = 3000 };
	static pid_t pids[MANY];
	int count = 0;
	while (count < MANY && (pids[count] = fork()) >= 0) {
		if (pids[count] == 0)
			for (;;)
				pause();
		count++;
	}
	CHECK(count < MANY);
	CHECK(errno == EAGAIN || errno == ENOMEM);
	CHECK(count > 30);
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < count; i++)
		CHECK_KILLED(tap_wait(pids[i]), SIGKILL);
}

static void a_fork_bomb_is_refused_and_the_system_goes_on(void)
{
	uint32_t before = free_pages();
	CHECK_EXITED(tap_child(fork_until_refused), 0);
	CHECK(free_pages() + 2 >= before);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(mapped_memory_is_zero_and_stays_what_is_written),
	        TEST(unmapped_memory_is_gone),
	        TEST(memory_mapped_again_is_zero_again),
	        TEST(fixed_mappings_replace_and_noreplace_does_not),
	        TEST(mappings_that_can_not_be_are_refused),
	        TEST(mprotect_takes_and_gives_rights),
	        TEST(code_and_constants_can_not_be_written),
	        TEST(brk_moves_the_end_of_the_heap),
	        TEST(frames_are_told_to_the_privileged_only),
	        TEST(the_stack_grows_to_its_limit_and_no_further),
	        TEST(mappings_leave_the_guard_below_the_stack_free),
	        TEST(neither_parent_nor_child_sees_the_others_writes),
	        TEST(grandchildren_share_and_part_too),
	        TEST(a_thousand_mappings_come_and_go),
	        TEST(one_process_can_not_exhaust_the_regions_of_others),
	        TEST(running_out_of_memory_ends_at_worst_the_eater),
	        TEST(kept_memory_takes_a_right),
	        TEST(populating_more_than_there_is_gives_enomem),
	        TEST(pages_asked_for_are_written_to_without_a_fault),
	        TEST(what_can_not_be_written_to_is_not_brought_in),
	        TEST(asking_for_more_than_there_is_gives_enomem),
	        TEST(a_fork_bomb_is_refused_and_the_system_goes_on),
	};
	return TAP_RUN(tests);
}
