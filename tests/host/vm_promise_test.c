/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/* What is promised to who has paid for it nobody else takes; and when that one has gone it is free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lend_calls.h"

#define MINE  0x40000000u
#define PAGES 8

static endpoint_t owner, payer, hog;

static void use_up_memory(void)
{
	assert_int_equal(map_at(hog, MINE, frames_available(), VM_MAP_POPULATE), OK);
	assert_int_equal(frames_available(), 0);
}

static void put_all(endpoint_t who, uint32_t value)
{
	for (uint32_t i = 0; i < PAGES; i++)
		put(who, MINE + i * PAGE_SIZE, value);
}

static void assert_all(endpoint_t who, uint32_t value)
{
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(get(who, MINE + i * PAGE_SIZE), value);
	check();
}

static int start(void **state)
{
	start_with_rs(state);
	owner = new_process();
	payer = new_process();
	hog = new_process();
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	put_all(owner, 1);
	return 0;
}

/* ---- How somebody comes to share the owner's pages, and has paid for it ---- */

static void has_snapshot(void)
{
	assert_int_equal(lend_pages(owner, MINE, payer, MINE, PAGES, 1, VM_LEND_WRITE), OK);
	revoke(owner, 1);
}

static void has_copy(void)
{
	assert_int_equal(map_at(payer, MINE, PAGES, 0), OK);
	assert_int_equal(share_pages(owner, MINE, payer, MINE, PAGES), OK);
}

static void (*const ways[])(void) = {has_snapshot, has_copy};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Each on a machine of its own. */
static void for_all_ways(void **state, void test(void (*comes_to_share)(void)))
{
	for (unsigned i = 0; i < WAYS; i++) {
		start(state);
		test(ways[i]);
		stop_and_check(state);
	}
}

/* ---- The owner's children share as well ---- */

static void fork_after(void (*comes_to_share)(void))
{
	endpoint_t child;

	comes_to_share();
	assert_int_equal(frames.promised, PAGES);
	child = fork_of(owner);
	assert_int_equal(frames.promised, PAGES);
	put_all(owner, 2); /* while there is memory */
	use_up_memory();
	put_all(payer, 3);
	assert_all(child, 1);
	put_all(child, 4); /* it is alone by now */
	assert_all(owner, 2);
	assert_all(payer, 3);
}

static void an_owners_fork_and_write_leave_what_another_has_paid_for(void **state)
{
	for_all_ways(state, fork_after);
}

static void fork_before(void (*comes_to_share)(void))
{
	endpoint_t child = fork_of(owner), grandchild = fork_of(child);

	comes_to_share();
	put_all(child, 2);
	put_all(owner, 3);
	use_up_memory();
	put_all(grandchild, 4); /* the last of those that have not paid */
	put_all(payer, 5);
	assert_all(owner, 3);
	assert_all(child, 2);
	assert_all(grandchild, 4);
	assert_all(payer, 5);
}

static void the_last_who_has_not_paid_takes_what_was_promised(void **state)
{
	for_all_ways(state, fork_before);
}

/* With no memory left, those who have not paid don't take it from who has; nor is it lost when they end. */
static void fork_and_end(void (*comes_to_share)(void))
{
	endpoint_t child;

	comes_to_share();
	child = fork_of(owner);
	use_up_memory();
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(machine_write(owner, MINE + i * PAGE_SIZE, 2), -ENOMEM);
	assert_int_equal(frames.promised, PAGES);
	machine_exit(child);
	assert_int_equal(frames.promised, PAGES);
	put_all(owner, 2);
	put_all(payer, 3);
	assert_all(owner, 2);
}

static void who_has_not_paid_is_refused_while_another_shares_unpaid(void **state)
{
	for_all_ways(state, fork_and_end);
}

/* ---- Who has paid goes ---- */

static void exits(void)
{
	machine_exit(payer);
}

static void execs(void)
{
	assert_int_equal(machine_exec(payer, &kept_program), OK);
}

static void unmaps(void)
{
	assert_int_equal(unmap(payer, MINE, PAGES), OK);
}

static void maps_over_it(void)
{
	assert_int_equal(map_at(payer, MINE, PAGES, 0), OK);
}

static void borrows_over_it(void)
{
	assert_int_equal(map_at(hog, MINE, PAGES, 0), OK);
	assert_int_equal(lend_pages(hog, MINE, payer, MINE, PAGES, 2, 0), OK);
}

/* Something that is shared unpaid, with the archive. */
static void copies_over_it(void)
{
	assert_int_equal(share_pages(hog, 0x08048000, payer, MINE, 1), OK);
	for (uint32_t i = 1; i < PAGES; i++)
		assert_int_equal(share_pages(hog, 0x08048000, payer, MINE + i * PAGE_SIZE, 1), OK);
}

static void writes(void)
{
	put_all(payer, 2);
}

static void (*const ends[])(void) = {exits,           execs,          unmaps, maps_over_it,
                                     borrows_over_it, copies_over_it, writes};
#define ENDS (sizeof(ends) / sizeof(ends[0]))

/* Two that have not paid go on sharing. */
static void end_each_way(void (*comes_to_share)(void))
{
	for (unsigned i = 0; i < ENDS; i++) {
		endpoint_t child = fork_of(owner);

		comes_to_share();
		assert_int_equal(frames.promised, PAGES);
		ends[i]();
		check();
		assert_int_equal(frames.promised, 0);
		assert_all(child, 1);
		if (i > 0)
			machine_exit(payer);
		machine_exit(child);
		payer = new_process();
	}
}

static void a_promise_goes_with_who_has_paid(void **state)
{
	for_all_ways(state, end_each_way);
}

/* All that share have paid: one of them needs no promise, whoever that is. */
static void owner_goes(void (*comes_to_share)(void))
{
	endpoint_t child;

	comes_to_share();
	child = fork_of(payer);
	assert_int_equal(frames.promised, 2 * PAGES);
	machine_exit(owner);
	check();
	assert_int_equal(frames.promised, PAGES);
	use_up_memory();
	put_all(child, 2);
	put_all(payer, 3);
	assert_all(child, 2);
	assert_int_equal(frames.promised, 0);
}

static void of_those_who_have_paid_the_last_needs_no_promise(void **state)
{
	for_all_ways(state, owner_goes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(an_owners_fork_and_write_leave_what_another_has_paid_for),
	        cmocka_unit_test(the_last_who_has_not_paid_takes_what_was_promised),
	        cmocka_unit_test(who_has_not_paid_is_refused_while_another_shares_unpaid),
	        cmocka_unit_test(a_promise_goes_with_who_has_paid),
	        cmocka_unit_test(of_those_who_have_paid_the_last_needs_no_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
