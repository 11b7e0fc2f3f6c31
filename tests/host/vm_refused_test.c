/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c servers/vm/share.c
 * servers/vm/device.c tests/host/vm_check.c tests/host/vm_machine.c tests/host/vm_state.c
 */
/* A mapping by grant that is refused, for whatever lack, has changed nothing, at neither side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lend_calls.h"
#include "vm_state.h"

#define MINE  0x40000000u /* the owner's */
#define PLACE 0x50000000u /* where the borrower wants it, if not elsewhere */
#define PAGES 20

static endpoint_t owner, borrower, hog, bystander;
static vir_bytes place;

static int borrow(vir_bytes source, uint32_t pages)
{
	return lend_pages(owner, source, borrower, place, pages, 1, 0);
}

static void assert_refused(vir_bytes source, uint32_t pages)
{
	uint64_t before = vm_state();

	assert_int_equal(borrow(source, pages), -ENOMEM);
	assert_true(vm_state() == before);
}

static void assert_lent(vir_bytes source, uint32_t pages)
{
	assert_int_equal(borrow(source, pages), OK);
	check();
}

/* The hog has all others. */
static void leave_frames(uint32_t frames)
{
	assert_int_equal(unmap(hog, MINE, 0x10000), OK);
	assert_int_equal(map_at(hog, MINE, frames_available() - frames, VM_MAP_POPULATE), OK);
	assert_int_equal(frames_available(), frames);
}

/* It takes exactly so many frames to lend this. */
static void assert_takes(uint32_t frames, vir_bytes source, uint32_t pages)
{
	for (uint32_t left = 0; left < frames; left++) {
		leave_frames(left);
		assert_refused(source, pages);
	}
	leave_frames(frames);
	assert_lent(source, pages);
	assert_int_equal(frames_available(), 0);
}

static void put_pages(endpoint_t who, vir_bytes address, uint32_t pages, uint32_t value)
{
	for (uint32_t i = 0; i < pages; i++)
		put(who, address + i * PAGE_SIZE, value);
}

static int start(void **state)
{
	start_with_rs(state);
	owner = new_process();
	borrower = new_process();
	hog = new_process();
	bystander = new_process();
	place = PLACE;
	return 0;
}

/* ---- Frames ---- */

/* More than there is: nobody else is to notice. */
static void a_large_grant_of_untouched_memory_takes_nothing(void **state)
{
	(void)state;
	assert_int_equal(map_at(owner, MINE, 4000, 0), OK);
	assert_int_equal(map_at(bystander, MINE, 1, 0), OK);
	assert_refused(MINE, 4000);
	put(bystander, MINE, 1);
}

/* Some are there, and those in between are not; all in two tables. */
static void what_is_missing_is_counted(void **state)
{
	vir_bytes source = MINE - PAGES / 2 * PAGE_SIZE;

	(void)state;
	assert_int_equal(map_at(owner, source, PAGES, 0), OK);
	put_pages(owner, source + 3 * PAGE_SIZE, 5, 1);
	put(owner, source + (PAGES - 1) * PAGE_SIZE, 1);
	assert_takes(PAGES - 6, source, PAGES);
}

static void what_is_shared_with_a_child_is_counted(void **state)
{
	(void)state;
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	put_pages(owner, MINE, PAGES / 2, 1);
	(void)fork_of(owner);
	put_pages(owner, MINE, 2, 2); /* these are its own again */
	assert_takes(PAGES - 2, MINE, PAGES);
}

/*
 * The program's text, which is there from the start, and its data: a page of the archive; one that is its own
 * since exec, for its end is zeros; and two without any data.
 */
static void what_is_shared_with_the_archive_is_counted(void **state)
{
	(void)state;
	assert_takes(1, 0x08048000, 1);
	assert_takes(3, DATA, 4);
}

static void what_of_the_archive_was_read_before_is_counted(void **state)
{
	(void)state;
	(void)get(owner, DATA);
	assert_takes(1, DATA, 2);
}

/* A copy by sharing was made of it, which has paid for the frames. */
static void what_was_promised_is_not_counted(void **state)
{
	(void)state;
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	assert_int_equal(map_at(bystander, MINE, PAGES, 0), OK);
	put_pages(owner, MINE, PAGES - 3, 1);
	assert_int_equal(share_pages(owner, MINE, bystander, MINE, PAGES - 3), OK);
	assert_takes(3, MINE, PAGES);
	put_pages(owner, MINE, PAGES, 2);
	put_pages(bystander, MINE, PAGES - 3, 3);
	assert_int_equal(get(borrower, PLACE), 2);
}

static void it_counts_for_who_has_paid_too(void **state)
{
	(void)state;
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	assert_int_equal(map_at(bystander, MINE, PAGES, 0), OK);
	put_pages(bystander, MINE, PAGES, 1);
	(void)fork_of(bystander);
	assert_int_equal(share_pages(bystander, MINE, owner, MINE, PAGES), OK);
	assert_takes(0, MINE, PAGES);
}

/* The first owner has it all already. */
static void what_is_lent_on_takes_none(void **state)
{
	(void)state;
	assert_int_equal(map_at(bystander, MINE, PAGES, 0), OK);
	assert_int_equal(lend_pages(bystander, MINE, owner, MINE, PAGES, 1, 0), OK);
	assert_takes(0, MINE, PAGES);
}

static void what_is_a_devices_takes_none(void **state)
{
	struct vm_map_phys_req request = {.physical = 0xb8000, .bytes = PAGES * PAGE_SIZE, .prot = RW};
	struct vm_map_phys_rep reply;

	(void)state;
	assert_int_equal(MACHINE_CALL(map_phys, owner, &request, &reply), OK);
	assert_takes(0, reply.address, PAGES);
}

/* ---- Pages of the pool, and the shares of them ---- */

#define TABLES 4

/*
 * The pool is used up but for more and more. Source and place need their tables each, and a record; three
 * more pages might have been taken for regions.
 */
static void pages_of_the_pool_are_counted(void **state)
{
	uint32_t pages = (TABLES - 2) * BIG_PAGE_SIZE / PAGE_SIZE + 2, needed = 2 * TABLES + 1;
	vir_bytes source = MINE - PAGE_SIZE;

	(void)state;
	assert_int_equal(map_at(owner, source, pages, 0), OK);
	place -= PAGE_SIZE;
	for (uint32_t left = 0; left < needed; left++) {
		leave_pool(left);
		assert_refused(source, pages);
		give_pool_back();
	}
	leave_pool(needed + 3);
	assert_int_equal(borrow(source, pages), OK);
	assert_int_equal(pool_available(), 3);
}

/* A page in each of many tables. */
static void use_up_tables(endpoint_t who)
{
	vir_bytes address = 0x60000000;
	struct space *space = process_space(who);

	for (; pagetable_may_grow(&space->pagetable, 1); address += BIG_PAGE_SIZE) {
		assert_int_equal(map_at(who, address, 1, 0), OK);
		put(who, address, 1);
	}
}

static void the_owners_tables_are_counted(void **state)
{
	(void)state;
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	use_up_tables(owner);
	assert_refused(MINE, PAGES);
	assert_int_equal(unmap(owner, 0x60000000, 1), OK);
	assert_lent(MINE, PAGES);
}

static void the_borrowers_tables_are_counted(void **state)
{
	(void)state;
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	use_up_tables(borrower);
	assert_refused(MINE, PAGES);
	assert_int_equal(unmap(borrower, 0x60000000, 1), OK);
	assert_lent(MINE, PAGES);
}

/* It has as many lendings as it can. */
static void who_has_used_up_its_records_takes_nothing(void **state)
{
	vir_bytes many = PLACE + BIG_PAGE_SIZE;

	(void)state;
	assert_int_equal(map_at(owner, MINE, 1024, 0), OK);
	while (lend_pages(owner, MINE, borrower, many, 1, 1, 0) == OK)
		many += 2 * PAGE_SIZE;
	assert_refused(MINE, 1024);
	assert_int_equal(unmap(borrower, PLACE + BIG_PAGE_SIZE, 1), OK);
	assert_lent(MINE, 1024);
}

/* So many regions that no other fits. */
static void who_has_used_up_its_regions_takes_nothing(void **state)
{
	vir_bytes many = 0x60000000;

	(void)state;
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	while (map_at(borrower, many, 1, 0) == OK)
		many += 2 * PAGE_SIZE;
	place = many;
	assert_refused(MINE, PAGES);
	assert_int_equal(unmap(borrower, 0x60000000, 1), OK);
	place = 0x60000000;
	assert_lent(MINE, PAGES);
}

/* One of its pages has been lent as often as can be counted: as if, for it takes more processes than fit. */
static void what_is_lent_too_often_takes_nothing(void **state)
{
	struct frame *frame;

	(void)state;
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	put(owner, MINE + (PAGES - 1) * PAGE_SIZE, 1);
	frame = frame_of(*pagetable_find(&process_space(owner)->pagetable, MINE + (PAGES - 1) * PAGE_SIZE) &
	                 PTE_FRAME);
	frame->lent = FRAME_COUNT_MAX;
	frame->references += FRAME_COUNT_MAX;
	assert_refused(MINE, PAGES);
	frame->lent--;
	frame->references--;
	assert_int_equal(borrow(MINE, PAGES), OK);
	frame->lent -= FRAME_COUNT_MAX - 1;
	frame->references -= FRAME_COUNT_MAX - 1;
}

#define REFUSED_TEST(function) cmocka_unit_test_setup_teardown(function, start, stop_and_check)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        REFUSED_TEST(a_large_grant_of_untouched_memory_takes_nothing),
	        REFUSED_TEST(what_is_missing_is_counted),
	        REFUSED_TEST(what_is_shared_with_a_child_is_counted),
	        REFUSED_TEST(what_is_shared_with_the_archive_is_counted),
	        REFUSED_TEST(what_of_the_archive_was_read_before_is_counted),
	        REFUSED_TEST(what_was_promised_is_not_counted),
	        REFUSED_TEST(it_counts_for_who_has_paid_too),
	        REFUSED_TEST(what_is_lent_on_takes_none),
	        REFUSED_TEST(what_is_a_devices_takes_none),
	        REFUSED_TEST(pages_of_the_pool_are_counted),
	        REFUSED_TEST(the_owners_tables_are_counted),
	        REFUSED_TEST(the_borrowers_tables_are_counted),
	        REFUSED_TEST(who_has_used_up_its_records_takes_nothing),
	        REFUSED_TEST(who_has_used_up_its_regions_takes_nothing),
	        REFUSED_TEST(what_is_lent_too_often_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
