/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pages.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c
 * servers/vm/region.c servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/* Whose every page frame is: the lists are complete, name nothing twice, and are for the privileged only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "servers/vm/frames.h"
#include "servers/vm/kept.h"
#include "servers/vm/pages.h"
#include "servers/vm/process.h"
#include "servers/vm/types.h"
#include "servers/vm/vm.h"
#include "vm_check.h"
#include "vm_machine.h"

#define TEXT      0x08048000u
#define DATA      0x0804a000u
#define PLACE     0x40000000u
#define RW        (VM_PROT_READ | VM_PROT_WRITE)
#define PAGES_MAX 6000

static const struct machine_size size = {500, 16, 5000};

static const struct vm_exec_plan program = {
        .nr_segments = 2,
        .stack_bytes = 100,
        .segments =
                {
                        {TEXT, 0x1000, 0, 0x1000, VM_PROT_READ | VM_PROT_EXEC},
                        {DATA, 0x4000, 0x1000, 0x1800, RW},
                },
};

/* What a list told, put together from its pieces. */
static struct vm_page told[PAGES_MAX];
static uint32_t nr_told;

static struct page_list list;

static int start(void **state)
{
	(void)state;
	machine_start(&size);
	nr_told = 0;
	return 0;
}

static int stop(void **state)
{
	const char *wrong = vm_check();

	(void)state;
	if (wrong)
		fail_msg("%s", wrong);
	machine_stop();
	return 0;
}

/* RS is the first process. */
static endpoint_t new_process(void)
{
	endpoint_t endpoint;

	assert_int_equal(machine_fork(NONE, &endpoint), OK);
	assert_int_equal(machine_exec(endpoint, &program), OK);
	return endpoint;
}

static endpoint_t fork_of(endpoint_t parent)
{
	endpoint_t child;

	assert_int_equal(machine_fork(parent, &child), OK);
	return child;
}

static void map_at(endpoint_t who, vir_bytes address, uint32_t bytes, uint32_t prot)
{
	struct vm_mmap_req request = {address, bytes, prot, VM_MAP_FIXED};
	struct vm_mmap_rep reply = {0};

	assert_int_equal(MACHINE_CALL(mmap, who, &request, &reply), OK);
}

static void put(endpoint_t who, vir_bytes address)
{
	assert_int_equal(machine_write(who, address, 1), OK);
}

/* ---- Taking lists whole ---- */

static void take(void)
{
	assert_true(list.count <= list.limit);
	assert_true(nr_told + list.count <= PAGES_MAX);
	memcpy(told + nr_told, list.page, list.count * sizeof(told[0]));
	nr_told += list.count;
}

static void take_memory(endpoint_t endpoint, uint32_t limit)
{
	uint32_t from = 0;

	do {
		list.limit = limit;
		if (endpoint == VM_PROC_NR)
			pages_of_estates(from, &list);
		else
			pages_of_memory(process_space(endpoint), from, &list);
		take();
		assert_true(list.next == 0 || list.count == limit);
		assert_true(list.next == 0 || list.next > from || endpoint == VM_PROC_NR);
	} while ((from = list.next));
}

static void take_tables(endpoint_t endpoint, uint32_t limit)
{
	uint32_t from = 0;

	do {
		list.limit = limit;
		if (endpoint == VM_PROC_NR)
			pages_of_vm(from, &list);
		else
			pages_of_tables(process_space(endpoint), from, &list);
		take();
		assert_true(list.next == 0 || list.next > from);
	} while ((from = list.next));
}

static uint32_t count_told(uint32_t flag)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < nr_told; i++)
		count += (told[i].flags & flag) != 0;
	return count;
}

static const struct vm_page *told_at(vir_bytes address)
{
	for (uint32_t i = 0; i < nr_told; i++)
		if (told[i].address == address)
			return &told[i];
	return NULL;
}

static int by_frame(const void *a, const void *b)
{
	phys_bytes left = ((const struct vm_page *)a)->frame, right = ((const struct vm_page *)b)->frame;

	return left < right ? -1 : left > right;
}

/* Sorts by frame; returns how many there are that are not the archive's. */
static uint32_t count_frames(void)
{
	uint32_t count = 0;

	qsort(told, nr_told, sizeof(told[0]), by_frame);
	for (uint32_t i = 0; i < nr_told; i++)
		count += told[i].frame < archive_start() && (i == 0 || told[i].frame != told[i - 1].frame);
	return count;
}

static struct vm_info_rep account(void)
{
	struct vm_info_rep info = {0};

	assert_int_equal(do_info(PM_PROC_NR, NULL, &info), OK);
	return info;
}

/* ---- Tests ---- */

static void a_page_is_told_with_its_address_and_rights(void **state)
{
	endpoint_t a = new_process(), b;

	(void)state;
	put(a, DATA);
	take_memory(a, VM_PAGES_AT_ONCE);
	assert_non_null(told_at(DATA));
	assert_int_equal(told_at(DATA)->flags, VM_PAGE_WRITE);
	assert_int_equal(told_at(TEXT)->flags, VM_PAGE_SHARED);
	assert_int_equal(told_at(TEXT)->frame, archive_start());
	assert_null(told_at(DATA + 0x3000)); /* not touched yet */

	b = fork_of(a);
	nr_told = 0;
	take_memory(a, VM_PAGES_AT_ONCE);
	assert_int_equal(told_at(DATA)->flags, VM_PAGE_SHARED);
	put(b, DATA);
	nr_told = 0;
	take_memory(b, VM_PAGES_AT_ONCE);
	assert_int_equal(told_at(DATA)->flags, VM_PAGE_WRITE);
}

static void a_list_in_pieces_is_the_whole_list(void **state)
{
	static struct vm_page whole[PAGES_MAX];
	static const uint32_t limits[] = {1, 2, 3, 7, 255};
	endpoint_t a = new_process();
	uint32_t nr_whole;

	(void)state;
	map_at(a, PLACE, 300 * PAGE_SIZE, RW);
	for (vir_bytes page = 0; page < 300; page += 1 + page % 3)
		put(a, PLACE + page * PAGE_SIZE);
	take_memory(a, VM_PAGES_AT_ONCE);
	take_tables(a, VM_PAGES_AT_ONCE);
	nr_whole = nr_told;
	memcpy(whole, told, sizeof(told));
	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		nr_told = 0;
		take_memory(a, limits[i]);
		take_tables(a, limits[i]);
		assert_int_equal(nr_told, nr_whole);
		assert_memory_equal(told, whole, nr_whole * sizeof(told[0]));
	}
}

static void a_list_ends_exactly_when_nothing_is_left(void **state)
{
	endpoint_t a = new_process();

	(void)state;
	take_memory(a, VM_PAGES_AT_ONCE);
	list.limit = nr_told;
	pages_of_memory(process_space(a), 0, &list);
	assert_int_equal(list.count, nr_told);
	assert_int_equal(list.next, 0);
}

static void a_list_may_begin_anywhere(void **state)
{
	static const uint32_t wild[] = {1,         TEXT + 1,    DATA - 1,  STACK_TOP - 1,
	                                STACK_TOP, 0xfffff000u, UINT32_MAX};
	endpoint_t a = new_process();

	(void)state;
	for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		list.limit = VM_PAGES_AT_ONCE;
		pages_of_memory(process_space(a), wild[i], &list);
		assert_int_equal(list.next, 0);
		for (uint32_t n = 0; n < list.count; n++)
			assert_true(list.page[n].address >= page_down(wild[i]));
		pages_of_tables(process_space(a), wild[i], &list);
		assert_true(list.next == 0 && list.count < VM_PAGES_AT_ONCE);
		pages_of_vm(wild[i], &list);
		assert_true(list.next == 0 && list.count < VM_PAGES_AT_ONCE);
		pages_of_estates(wild[i], &list);
		assert_true(list.next == 0 && list.count == 0);
	}
	list.limit = VM_PAGES_AT_ONCE;
	pages_of_memory(process_space(a), TEXT + 1, &list);
	assert_int_equal(list.page[0].address, TEXT);
}

static void memory_out_of_reach_is_told_too(void **state)
{
	endpoint_t a = new_process();
	struct vm_mprotect_req request = {PLACE, PAGE_SIZE, 0};

	(void)state;
	map_at(a, PLACE, PAGE_SIZE, RW);
	put(a, PLACE);
	assert_int_equal(MACHINE_CALL(mprotect, a, &request, NULL), OK);
	take_memory(a, VM_PAGES_AT_ONCE);
	assert_non_null(told_at(PLACE));
	assert_int_equal(told_at(PLACE)->flags, 0);
}

/* A service that has died, and left so many pages, with gaps. */
static void leave_pages(uint32_t pages)
{
	struct vm_keep_req request = {.address = KEPT_BASE, .bytes = KEPT_SIZE, .name = "everything"};
	endpoint_t service = fork_of(RS_PROC_NR);
	struct vm_keep_rep reply;

	machine_let_keep(service);
	assert_int_equal(MACHINE_CALL(keep, service, &request, &reply), OK);
	for (uint32_t i = 0; i < pages; i++)
		put(service, KEPT_BASE + random_below(20) * BIG_PAGE_SIZE + i * 2 * PAGE_SIZE);
	machine_exit(service);
}

/* Maps and touches memory here and there, so that there are tables and leaves of all kinds. */
static void use_memory(endpoint_t endpoint)
{
	for (int i = 0; i < 300; i++) {
		vir_bytes at = PLACE + random_below(20000) * 2 * PAGE_SIZE;

		map_at(endpoint, at, PAGE_SIZE, RW);
		put(endpoint, at);
	}
}

static void all_lists_together_are_vms_account(void **state)
{
	endpoint_t processes[6];
	struct vm_info_rep info;
	uint32_t distinct;

	(void)state;
	random_start();
	for (int i = 0; i < 6; i++) {
		processes[i] = i < 3 ? new_process() : fork_of(processes[i - 3]);
		use_memory(processes[i]);
	}
	for (uint32_t pages = 0; pages < 150; pages += 49)
		leave_pages(pages);
	info = account();
	for (int i = 0; i < 6; i++) {
		struct vm_procinfo_rep counts = {0};
		uint32_t before = nr_told, shared = count_told(VM_PAGE_SHARED);

		take_memory(processes[i], 100);
		space_count(process_space(processes[i]), &counts);
		assert_int_equal(nr_told - before, counts.resident);
		assert_int_equal(count_told(VM_PAGE_SHARED) - shared, counts.shared);
	}
	take_memory(VM_PROC_NR, 7);
	assert_int_equal(count_frames(), info.process);

	nr_told = 0;
	for (int i = 0; i < 6; i++)
		take_tables(processes[i], 100);
	take_tables(VM_PROC_NR, 2);
	assert_int_equal(count_told(VM_PAGE_TABLE), info.pool_used);
	assert_int_equal(count_told(VM_PAGE_RECORD), info.vm_tables);
	distinct = count_frames();
	assert_int_equal(distinct, nr_told);
	assert_true(told[nr_told - 1].frame < frames.first << PAGE_SHIFT);
}

static int ask(endpoint_t caller, endpoint_t whose, uint32_t what, uint32_t count)
{
	struct vm_pages_req request = {.endpoint = whose, .what = what, .count = count, .buffer = DATA};
	struct vm_pages_rep reply = {0};
	int result = MACHINE_CALL(pages, caller, &request, &reply);

	if (result != OK)
		assert_true(reply.count == 0 && reply.next == 0);
	return result;
}

static void only_the_privileged_are_told(void **state)
{
	endpoint_t rs = new_process(), other = new_process();

	(void)state;
	assert_int_equal(rs, RS_PROC_NR);
	assert_int_equal(ask(other, rs, VM_PAGES_MEMORY, 1), -EPERM);
	assert_int_equal(ask(other, SELF, VM_PAGES_MEMORY, 1), -EPERM);
	assert_int_equal(ask(other, VM_PROC_NR, VM_PAGES_TABLES, 1), -EPERM);
	assert_int_equal(ask(other, 12345, 99, 0), -EPERM);
}

/* The buffer of the last call is not there, and VM does not wait for itself. */
static void wrong_questions_are_refused(void **state)
{
	endpoint_t rs = new_process(), dead = new_process();

	(void)state;
	machine_exit(dead);
	assert_int_equal(ask(rs, dead, VM_PAGES_MEMORY, 1), -EDEADSRCDST);
	assert_int_equal(ask(rs, dead, VM_PAGES_TABLES, 1), -EDEADSRCDST);
	assert_int_equal(ask(rs, NONE, VM_PAGES_MEMORY, 1), -EDEADSRCDST);
	assert_int_equal(ask(rs, PM_PROC_NR, VM_PAGES_TABLES, 1), -EDEADSRCDST);
	assert_int_equal(ask(rs, SELF, VM_PAGES_MEMORY, 0), -EINVAL);
	assert_int_equal(ask(rs, SELF, VM_PAGES_TABLES + 1, 1), -EINVAL);
	assert_int_equal(ask(rs, SELF, UINT32_MAX, 1), -EINVAL);
	assert_int_equal(ask(rs, SELF, VM_PAGES_MEMORY, UINT32_MAX), -EFAULT);
	assert_int_equal(ask(rs, VM_PROC_NR, VM_PAGES_MEMORY, 1), -EFAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_page_is_told_with_its_address_and_rights),
	        TEST(a_list_in_pieces_is_the_whole_list),
	        TEST(a_list_ends_exactly_when_nothing_is_left),
	        TEST(a_list_may_begin_anywhere),
	        TEST(memory_out_of_reach_is_told_too),
	        TEST(all_lists_together_are_vms_account),
	        TEST(only_the_privileged_are_told),
	        TEST(wrong_questions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
