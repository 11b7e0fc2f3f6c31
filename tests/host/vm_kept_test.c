/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/* Kept memory: who may have it, what becomes of it, and that nothing is lost when memory is short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "kept_calls.h"

#define A     KEPT_BASE
#define B     (KEPT_BASE + 100 * BIG_PAGE_SIZE)
#define PAGES 5

/* ---- Having it ---- */

static void it_is_zeros_that_come_when_they_are_touched(void **state)
{
	endpoint_t s = new_service();
	struct vm_info_rep before = account(), after;

	(void)state;
	keep(s, "a", A, KEPT_SIZE / PAGE_SIZE, 0);
	after = account();
	assert_int_equal(after.process, before.process);
	assert_int_equal(after.vm_tables, before.vm_tables + 1); /* the names */
	assert_int_equal(get(s, KEPT_END - PAGE_SIZE), 0);
	put(s, A + PAGE_SIZE, 7);
	assert_int_equal(get(s, A + PAGE_SIZE), 7);
	assert_int_equal(account().process, before.process + 2);
	assert_int_equal(region_at(s, A).prot, RW);
}

static void only_services_with_the_right_may_keep(void **state)
{
	endpoint_t other = fork_of(RS_PROC_NR), s, child;
	struct vm_info_rep before;

	(void)state;
	s = new_service();
	child = fork_of(s);
	machine_let_keep(child); /* it inherits its parent's rights */
	before = account();
	assert_int_equal(keep_at(other, "a", A, PAGE_SIZE, NULL), -EPERM);
	assert_int_equal(keep_at(child, "a", A, PAGE_SIZE, NULL), -EPERM);
	assert_int_equal(keep_at(RS_PROC_NR, "a", A, PAGE_SIZE, NULL), -EPERM);
	assert_int_equal(keep_at(PM_PROC_NR, "a", A, PAGE_SIZE, NULL), -EPERM);
	assert_int_equal(keep_at(NONE, "a", A, PAGE_SIZE, NULL), -EPERM);
	assert_account(&before);
	machine_let_keep(other);
	keep(other, "a", A, 1, 0);
	machine_exit(s);
	assert_int_equal(keep_at(s, "a", A, PAGE_SIZE, NULL), -EPERM);
}

/* The slot of a service is an ordinary process's next. */
static void the_next_in_a_services_slot_is_no_service(void **state)
{
	endpoint_t s = new_service(), next;

	(void)state;
	machine_exit(s);
	next = new_process();
	assert_int_equal(ENDPOINT_SLOT(next), ENDPOINT_SLOT(s));
	machine_let_keep(next);
	assert_int_equal(keep_at(next, "a", A, PAGE_SIZE, NULL), -EPERM);
}

static void bad_requests_are_refused_and_change_nothing(void **state)
{
	static const struct {
		const char *name;
		vir_bytes address;
		uint32_t bytes;
		int expected;
	} bad[] = {
	        {"", A, PAGE_SIZE, -EINVAL},
	        {"0123456789abcdef", A, PAGE_SIZE, -EINVAL},
	        {"new\nline", A, PAGE_SIZE, -EINVAL},
	        {"\x7f", A, PAGE_SIZE, -EINVAL},
	        {"\xe4", A, PAGE_SIZE, -EINVAL},
	        {"b", A, 0, -EINVAL},
	        {"b", A + 1, PAGE_SIZE, -EINVAL},
	        {"b", A - PAGE_SIZE, PAGE_SIZE, -EINVAL},
	        {"b", A - PAGE_SIZE, 2 * PAGE_SIZE, -EINVAL},
	        {"b", KEPT_END - PAGE_SIZE, 2 * PAGE_SIZE, -EINVAL},
	        {"b", KEPT_END - PAGE_SIZE, PAGE_SIZE + 1, -EINVAL},
	        {"b", KEPT_END, PAGE_SIZE, -EINVAL},
	        {"b", A, KEPT_SIZE + 1, -EINVAL},
	        {"b", A, UINT32_MAX, -EINVAL},
	        {"b", UINT32_MAX - PAGE_SIZE + 1, PAGE_SIZE, -EINVAL},
	        {"b", B, PAGE_SIZE, -EEXIST},
	        {"b", B + 4 * PAGE_SIZE, 9 * PAGE_SIZE, -EEXIST},
	        {"b", A, KEPT_SIZE, -EEXIST},
	        {"a", B, (PAGES - 1) * PAGE_SIZE, -EINVAL},
	        {"a", B, (PAGES + 1) * PAGE_SIZE, -EINVAL},
	        {"a", B + PAGE_SIZE, PAGES * PAGE_SIZE, -EINVAL},
	        {"a", A, PAGES * PAGE_SIZE, -EINVAL},
	};
	endpoint_t s = new_service();
	struct vm_info_rep before;

	(void)state;
	keep(s, "a", B, PAGES, 0);
	before = account();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(keep_at(s, bad[i].name, bad[i].address, bad[i].bytes, NULL),
		                 bad[i].expected);
	assert_account(&before);
	keep(s, "exactly fifteen", A, 1, 0);
	keep(s, "exactly fifteen", A, 1, 1);
}

static void names_may_all_be_used_and_used_again(void **state)
{
	endpoint_t s = new_service();
	char name[VM_KEEP_NAME_MAX];

	(void)state;
	for (uint32_t i = 0; i < KEPT_NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		keep(s, name, A + i * PAGE_SIZE, 1, 0);
	}
	assert_int_equal(keep_at(s, "one more", B, PAGE_SIZE, NULL), -ENOMEM);
	check();
	assert_int_equal(unmap(s, A + 77 * PAGE_SIZE, 1), OK);
	keep(s, "one more", B, 1, 0);
	assert_int_equal(keep_at(s, "n77", B + PAGE_SIZE, PAGE_SIZE, NULL), -ENOMEM);
	keep(s, "n78", A + 78 * PAGE_SIZE, 1, 1);
}

static void a_part_given_up_is_gone(void **state)
{
	endpoint_t s = new_service();

	(void)state;
	keep(s, "a", A, 10, 0);
	put(s, A + 5 * PAGE_SIZE, 5);
	assert_int_equal(unmap(s, A, 2), OK);
	assert_int_equal(unmap(s, A + 9 * PAGE_SIZE, 1), OK);
	assert_int_equal(keep_at(s, "a", A, 10 * PAGE_SIZE, NULL), -EINVAL);
	keep(s, "a", A + 2 * PAGE_SIZE, 7, 1);
	assert_int_equal(unmap(s, A + 4 * PAGE_SIZE, 1), OK); /* a hole: there is no whole any more */
	assert_int_equal(keep_at(s, "a", A + 2 * PAGE_SIZE, 7 * PAGE_SIZE, NULL), -EINVAL);
	assert_int_equal(keep_at(s, "a", A + 2 * PAGE_SIZE, 6 * PAGE_SIZE, NULL), -EINVAL);
	assert_int_equal(get(s, A + 5 * PAGE_SIZE), 5);
	assert_int_equal(unmap(s, A, 10), OK);
	keep(s, "a", A, 10, 0);
	assert_int_equal(get(s, A + 5 * PAGE_SIZE), 0);
}

static void its_rights_can_be_changed_and_stay(void **state)
{
	struct vm_mprotect_req request = {A + PAGE_SIZE, PAGE_SIZE, VM_PROT_READ};
	endpoint_t s = new_service();

	(void)state;
	keep(s, "a", A, 3, 0);
	put(s, A + PAGE_SIZE, 1);
	assert_int_equal(MACHINE_CALL(mprotect, s, &request, NULL), OK);
	assert_int_equal(machine_write(s, A + PAGE_SIZE, 2), -EACCES);
	machine_exit(s);
	s = successor_of(s);
	keep(s, "a", A, 3, 1);
	assert_int_equal(machine_write(s, A + PAGE_SIZE, 2), -EACCES);
	assert_int_equal(get(s, A + PAGE_SIZE), 1);
	put(s, A + 2 * PAGE_SIZE, 3);
}

static void nothing_else_comes_there(void **state)
{
	static const struct {
		vir_bytes start, end;
	} places[] = {{A - PAGE_SIZE, A + PAGE_SIZE},
	              {A, A + PAGE_SIZE},
	              {KEPT_END - PAGE_SIZE, KEPT_END},
	              {KEPT_END - PAGE_SIZE, KEPT_END + PAGE_SIZE},
	              {A - PAGE_SIZE, KEPT_END + PAGE_SIZE}};
	endpoint_t s = new_service();
	struct vm_mmap_req request = {.address = A, .bytes = 16 * BIG_PAGE_SIZE, .prot = RW};
	struct vm_brk_req brk = {KEPT_BASE + 1};
	struct vm_mmap_rep reply;
	struct vm_brk_rep end;

	(void)state;
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint32_t pages = (places[i].end - places[i].start) / PAGE_SIZE;

		assert_int_equal(map_at(s, places[i].start, pages, 0), -EINVAL);
		assert_int_equal(map_at(s, places[i].start, pages, VM_MAP_NOREPLACE), -EINVAL);
	}
	assert_int_equal(map_at(s, A - PAGE_SIZE, 1, 0), OK);
	assert_int_equal(map_at(s, KEPT_END, 1, 0), OK);
	assert_int_equal(MACHINE_CALL(brk, s, &brk, &end), OK);
	assert_true(end.address < KEPT_BASE);
	while (MACHINE_CALL(mmap, s, &request, &reply) == OK)
		assert_true(reply.address + request.bytes <= KEPT_BASE);
	keep(s, "a", A, KEPT_SIZE / PAGE_SIZE, 0);
}

static void a_child_has_nothing_of_it_and_the_parent_no_page_fault(void **state)
{
	endpoint_t s = new_service(), child;

	(void)state;
	keep(s, "a", A, PAGES, 0);
	put(s, A, 1);
	put(s, DATA, 2);
	child = fork_of(s);
	assert_absent(child, A);
	assert_int_equal(get(child, DATA), 2);
	assert_non_null(machine_access(s, A, true));
	assert_int_equal(keep_at(child, "a", A, PAGES * PAGE_SIZE, NULL), -EPERM);
	machine_exit(child);
	assert_int_equal(succeed(child, NONE), -ESRCH);
	assert_int_equal(get(s, A), 1);
}

/* ---- Its owner's end ---- */

static void a_successor_finds_it_and_nothing_else(void **state)
{
	endpoint_t s = new_service(), next;
	struct vm_brk_req brk = {0};
	struct vm_brk_rep end, now;

	(void)state;
	keep(s, "a", A, PAGES, 0);
	keep(s, "b", B, 1, 0);
	put(s, A + 2 * PAGE_SIZE, 1);
	put(s, DATA, 2);
	assert_int_equal(map_at(s, A - PAGE_SIZE, 1, VM_MAP_POPULATE), OK);
	assert_int_equal(MACHINE_CALL(brk, s, &brk, &end), OK);
	brk.address = end.address + 100 * PAGE_SIZE;
	assert_int_equal(MACHINE_CALL(brk, s, &brk, &now), OK);
	machine_exit(s);
	check();
	assert_int_equal(region_at(s, A).end, A + PAGES * PAGE_SIZE);
	next = successor_of(s);
	check();
	keep(next, "a", A, PAGES, 1);
	keep(next, "b", B, 1, 1);
	keep(next, "c", B + PAGE_SIZE, 1, 0);
	assert_int_equal(get(next, A + 2 * PAGE_SIZE), 1);
	assert_int_equal(get(next, A), 0);
	assert_int_equal(get(next, DATA), archive_word(0x1000));
	assert_absent(next, A - PAGE_SIZE);
	brk.address = 0;
	assert_int_equal(MACHINE_CALL(brk, next, &brk, &now), OK);
	assert_int_equal(now.address, end.address);
	assert_int_equal(succeed(s, NONE), -ESRCH);
}

static void it_passes_from_one_to_the_next_and_nothing_is_lost(void **state)
{
	struct vm_info_rep before = account();
	endpoint_t s = new_service();

	(void)state;
	keep(s, "a", A, PAGES, 0);
	for (uint32_t i = 0; i < 300; i++) {
		put(s, A + i % PAGES * PAGE_SIZE, i);
		machine_exit(s);
		s = successor_of(s);
		keep(s, "a", A, PAGES, 1);
		assert_int_equal(get(s, A + i % PAGES * PAGE_SIZE), i);
	}
	machine_exit(s);
	assert_int_equal(succeed(s, NONE), OK);
	assert_account(&before);
}

static void an_exec_of_no_heir_gives_all_up(void **state)
{
	endpoint_t s = new_service();
	struct vm_info_rep before = account();

	(void)state;
	keep(s, "a", A, PAGES, 0);
	put(s, A, 1);
	assert_int_equal(machine_exec(s, &kept_program), OK);
	assert_absent(s, A);
	assert_account(&before);
	keep(s, "a", A, PAGES, 0);
	assert_int_equal(get(s, A), 0);
}

static void who_has_given_up_all_leaves_nothing(void **state)
{
	struct vm_info_rep before = account();
	endpoint_t s = new_service();

	(void)state;
	keep(s, "a", A, PAGES, 0);
	assert_int_equal(unmap(s, A, PAGES), OK);
	machine_exit(s);
	assert_int_equal(succeed(s, new_child()), -ESRCH);
	s = new_service();
	machine_exit(s);
	assert_int_equal(succeed(s, NONE), -ESRCH);
	machine_exit(ENDPOINT_MAKE(3, 2));
	assert_account(&before);
}

/* What an heir has itself goes as with every exec. */
static void an_heir_that_has_kept_memory_itself_gives_that_up(void **state)
{
	endpoint_t s = new_service(), heir = new_service();

	(void)state;
	keep(s, "a", A, PAGES, 0);
	put(s, A, 1);
	keep(heir, "a", A, PAGES + 1, 0);
	keep(heir, "b", B, PAGES, 0);
	machine_exit(s);
	assert_int_equal(succeed(s, heir), OK);
	assert_int_equal(machine_exec(heir, &kept_program), OK);
	keep(heir, "a", A, PAGES, 1);
	assert_int_equal(get(heir, A), 1);
	assert_absent(heir, B);
}

/* ---- Heirs ---- */

static void only_rs_names_heirs_of_the_dead_that_left_something(void **state)
{
	struct vm_succeed_req request;
	endpoint_t s = new_service(), other = new_process();

	(void)state;
	keep(s, "a", A, PAGES, 0);
	assert_int_equal(succeed(s, other), -ESRCH); /* it lives */
	assert_int_equal(succeed(s, NONE), -ESRCH);
	machine_exit(s);
	request = (struct vm_succeed_req){s, other};
	assert_int_equal(MACHINE_CALL(succeed, other, &request, NULL), -EPERM);
	assert_int_equal(MACHINE_CALL(succeed, PM_PROC_NR, &request, NULL), -EPERM);
	assert_int_equal(succeed(s, s), -EDEADSRCDST);
	assert_int_equal(succeed(s, PM_PROC_NR), -EDEADSRCDST);
	assert_int_equal(succeed(s, ANY), -EDEADSRCDST);
	assert_int_equal(succeed(s, INT32_MAX), -EDEADSRCDST);
	assert_int_equal(succeed(other, new_child()), -ESRCH);
	assert_int_equal(succeed(NONE, new_child()), -ESRCH);
	assert_int_equal(succeed(NONE, NONE), -ESRCH);
	assert_int_equal(succeed(INT32_MIN, NONE), -ESRCH);
	assert_int_equal(region_at(s, A).end, A + PAGES * PAGE_SIZE);
}

static void there_is_one_heir_at_a_time(void **state)
{
	endpoint_t s = new_service(), t = new_service(), first, second;

	(void)state;
	keep(s, "a", A, PAGES, 0);
	keep(t, "a", A, PAGES, 0);
	put(s, A, 1);
	put(t, A, 2);
	machine_exit(s);
	machine_exit(t);
	first = new_child();
	second = new_child();
	assert_int_equal(succeed(s, first), OK);
	assert_int_equal(succeed(s, first), OK);
	assert_int_equal(succeed(s, second), -EBUSY);
	assert_int_equal(succeed(first, second), -ESRCH); /* it lives, and may still have it */
	assert_int_equal(succeed(first, NONE), -ESRCH);
	assert_int_equal(succeed(t, first), -EBUSY);
	check();
	machine_exit(first);
	assert_int_equal(succeed(s, second), OK);
	machine_exit(second);
	first = new_child();
	assert_int_equal(succeed(second, first), OK); /* as who did not come to have it */
	assert_int_equal(machine_exec(first, &kept_program), OK);
	keep(first, "a", A, PAGES, 1);
	assert_int_equal(get(first, A), 1);
	assert_int_equal(succeed(second, NONE), -ESRCH);
	assert_int_equal(get(successor_of(t), A), 2);
}

static void rs_may_give_up_at_any_time(void **state)
{
	struct vm_info_rep before;
	endpoint_t s = new_service(), heir = new_service();

	(void)state;
	before = account();
	for (int named = 0; named < 2; named++) {
		endpoint_t t = new_service();

		keep(t, "a", A, PAGES, 0);
		put(t, A, 1);
		machine_exit(t);
		if (named)
			assert_int_equal(succeed(t, heir), OK);
		assert_int_equal(succeed(t, NONE), OK);
		assert_account(&before);
	}
	assert_int_equal(machine_exec(heir, &kept_program), OK);
	assert_absent(heir, A);
	machine_exit(s);
}

/* ---- Memory is short ---- */

/* The next region may take a new leaf. */
static void fill_leaf(endpoint_t who)
{
	const struct regions *regions = &process_space(who)->regions;

	for (vir_bytes at = 0x40000000; regions->leaf[0]->nr + 3 <= REGION_LEAF_MAX; at += 2 * PAGE_SIZE)
		assert_int_equal(map_at(who, at, 1, 0), OK);
}

/* It takes a page for names, and one for regions. */
static void keeping_without_room_changes_nothing(void **state)
{
	endpoint_t s = new_service();
	uint32_t pages = 0;
	struct vm_info_rep before;
	int result;

	(void)state;
	fill_leaf(s);
	do {
		leave_pool(pages++);
		before = account();
		result = keep_at(s, "a", A, KEPT_SIZE, NULL);
		if (result != OK) {
			struct vm_info_rep now = account();

			assert_int_equal(result, -ENOMEM);
			assert_memory_equal(&now, &before, sizeof(now));
		}
		give_pool_back();
		check();
	} while (result != OK);
	assert_int_equal(pages, 3);
}

static void death_takes_no_memory(void **state)
{
	endpoint_t s = new_service();

	(void)state;
	for (uint32_t i = 0; i < 60; i++) {
		char name[VM_KEEP_NAME_MAX];

		snprintf(name, sizeof(name), "n%u", i);
		keep(s, name, A + i * 2 * PAGE_SIZE, 1, 0);
		put(s, A + i * 2 * PAGE_SIZE, i);
		assert_int_equal(map_at(s, 0x40000000 + i * 2 * PAGE_SIZE, 1, VM_MAP_POPULATE), OK);
	}
	leave_pool(0);
	while (frame_allocate())
		continue;
	machine_exit(s);
	assert_int_equal(region_at(s, A + 59 * 2 * PAGE_SIZE).end, A + (59 * 2 + 1) * PAGE_SIZE);
	assert_int_equal(succeed(s, NONE), OK);
	machine_stop(); /* the frames taken are in no table: vm_check() would miss them */
	nr_pool_taken = 0;
	start_with_rs(NULL);
}

/* With each number of frames, or of pool pages, that is too small. */
static void try_exec(endpoint_t heir, endpoint_t hog, bool pool)
{
	uint32_t left = 0;
	int result;

	do {
		struct vm_info_rep before, now;

		assert_int_equal(unmap(hog, 0x40000000, 0x10000), OK);
		if (pool)
			leave_pool(left);
		else
			assert_int_equal(map_at(hog, 0x40000000, frames_available() - left, VM_MAP_POPULATE),
			                 OK);
		left++;
		before = account();
		result = machine_exec(heir, &kept_program);
		now = account();
		if (result != OK) {
			assert_int_equal(result, -ENOMEM);
			assert_memory_equal(&now, &before, sizeof(now));
		}
		give_pool_back();
		check();
	} while (result != OK);
	assert_int_equal(unmap(hog, 0x40000000, 0x10000), OK);
	assert_true(left > 2);
}

static void an_exec_without_memory_leaves_the_estate_as_it_was(void **state)
{
	endpoint_t s = new_service(), hog = new_process();

	(void)state;
	keep(s, "a", A, PAGES, 0);
	for (int pool = 0; pool < 2; pool++) {
		endpoint_t heir = new_child();

		put(s, A, 7 + (uint32_t)pool);
		machine_exit(s);
		assert_int_equal(succeed(s, heir), OK);
		try_exec(heir, hog, pool);
		assert_int_equal(get(heir, A), 7 + pool);
		keep(heir, "a", A, PAGES, 1);
		s = heir;
	}
}

static void after_a_bad_plan_the_heir_is_still_the_heir(void **state)
{
	struct vm_exec_plan bad = kept_program, overlapping = kept_program, kept = kept_program;
	endpoint_t s = new_service(), heir = new_child();

	(void)state;
	keep(s, "a", A, PAGES, 0);
	put(s, A, 3);
	machine_exit(s);
	assert_int_equal(succeed(s, heir), OK);
	bad.nr_segments = 0;
	overlapping.segments[1] = overlapping.segments[0];
	kept.segments[1].address = A;
	assert_int_equal(machine_exec(heir, &bad), -EINVAL);
	assert_int_equal(machine_exec(heir, &overlapping), -EINVAL);
	assert_int_equal(machine_exec(heir, &kept), -EINVAL);
	check();
	assert_int_equal(machine_exec(heir, &kept_program), OK);
	assert_int_equal(get(heir, A), 3);
}

/* ---- With the rest of VM ---- */

static void large_copies_share_its_pages(void **state)
{
	endpoint_t s = new_service(), other = new_process();
	struct vm_share_req in = {other, 0x40000000, s, A, 4 * PAGE_SIZE, 1};
	struct vm_share_req out = {s, A, other, 0x50000000, 4 * PAGE_SIZE, 1};

	(void)state;
	keep(s, "a", A, 4, 0);
	assert_int_equal(map_at(other, 0x40000000, 4, 0), OK);
	assert_int_equal(map_at(other, 0x50000000, 4, 0), OK);
	put(other, 0x40000000, 1);
	assert_int_equal(MACHINE_CALL(share, other, &in, NULL), OK);
	assert_int_equal(MACHINE_CALL(share, other, &out, NULL), OK);
	machine_exit(s);
	put(other, 0x40000000, 2);
	put(other, 0x50000000, 3);
	check();
	s = successor_of(s);
	assert_int_equal(get(s, A), 1);
	put(s, A, 4);
	assert_int_equal(get(other, 0x40000000), 2);
	assert_int_equal(get(other, 0x50000000), 3);
}

static void the_living_and_the_dead_are_told_of(void **state)
{
	endpoint_t s = new_service();
	struct vm_region_req region = {.endpoint = s, .address = KEPT_BASE};
	struct vm_procinfo_req all = {.endpoint = s};
	struct vm_region_rep told;
	struct vm_procinfo_rep count;

	(void)state;
	keep(s, "the store", B, PAGES, 0);
	put(s, B, 1);
	for (int dead = 0; dead < 2; dead++) {
		assert_int_equal(do_region(PM_PROC_NR, &region, &told), OK);
		assert_int_equal(told.type, REGION_KEPT);
		assert_int_equal(told.resident, 1);
		assert_string_equal(told.name, "the store");
		if (!dead)
			machine_exit(s);
	}
	assert_int_equal(do_procinfo(PM_PROC_NR, &all, &count), OK);
	assert_int_equal(count.mapped, PAGES);
	assert_int_equal(count.resident, 1);
	assert_int_equal(count.tables, 2);
	assert_int_equal(succeed(s, NONE), OK);
	assert_int_equal(do_procinfo(PM_PROC_NR, &all, &count), -EDEADSRCDST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        KEPT_TEST(it_is_zeros_that_come_when_they_are_touched),
	        KEPT_TEST(only_services_with_the_right_may_keep),
	        KEPT_TEST(the_next_in_a_services_slot_is_no_service),
	        KEPT_TEST(bad_requests_are_refused_and_change_nothing),
	        KEPT_TEST(names_may_all_be_used_and_used_again),
	        KEPT_TEST(a_part_given_up_is_gone),
	        KEPT_TEST(its_rights_can_be_changed_and_stay),
	        KEPT_TEST(nothing_else_comes_there),
	        KEPT_TEST(a_child_has_nothing_of_it_and_the_parent_no_page_fault),
	        KEPT_TEST(a_successor_finds_it_and_nothing_else),
	        KEPT_TEST(it_passes_from_one_to_the_next_and_nothing_is_lost),
	        KEPT_TEST(an_exec_of_no_heir_gives_all_up),
	        KEPT_TEST(who_has_given_up_all_leaves_nothing),
	        KEPT_TEST(an_heir_that_has_kept_memory_itself_gives_that_up),
	        KEPT_TEST(only_rs_names_heirs_of_the_dead_that_left_something),
	        KEPT_TEST(there_is_one_heir_at_a_time),
	        KEPT_TEST(rs_may_give_up_at_any_time),
	        KEPT_TEST(keeping_without_room_changes_nothing),
	        KEPT_TEST(death_takes_no_memory),
	        KEPT_TEST(an_exec_without_memory_leaves_the_estate_as_it_was),
	        KEPT_TEST(after_a_bad_plan_the_heir_is_still_the_heir),
	        KEPT_TEST(large_copies_share_its_pages),
	        KEPT_TEST(the_living_and_the_dead_are_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
