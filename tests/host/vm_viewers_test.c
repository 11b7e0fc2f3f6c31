/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c servers/vm/share.c
 * servers/vm/device.c servers/vm/viewers.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/* Of each mapping that shows a page one is told once, by however many links. (What is told guest tests look
 * at.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lend_calls.h"

#define MINE  0x40000000u
#define PLACE 0x50000000u
#define PAGES 4

static endpoint_t a, b, c, d;

static int start(void **state)
{
	start_with_rs(state);
	a = new_process();
	b = new_process();
	c = new_process();
	d = new_process();
	assert_int_equal(map_at(a, MINE, PAGES, 0), OK);
	return 0;
}

/* The machine has nowhere to copy the list to, but its length is in the reply. */
static struct vm_viewers_rep ask(endpoint_t who, vir_bytes address, uint32_t from, uint32_t count)
{
	struct vm_viewers_req request = {.endpoint = SELF, .address = address, .from = from, .count = count};
	struct vm_viewers_rep reply = {.count = 0};

	assert_int_equal(MACHINE_CALL(viewers, who, &request, &reply), -EFAULT);
	return reply;
}

/* Told all at once, or one by one. */
static void assert_seen_by(uint32_t viewers, endpoint_t who, vir_bytes address)
{
	struct vm_viewers_rep reply = ask(who, address, 0, VM_LENDINGS_AT_ONCE);
	uint32_t told = 0;

	assert_int_equal(reply.count, viewers);
	assert_int_equal(reply.next, 0);
	do {
		reply = ask(who, address, reply.next, 1);
		told += reply.count;
	} while (reply.next);
	assert_int_equal(told, viewers);
}

/* By a chain of those who gave the grants, the last of which is the owner. */
static void lend_by_chain(endpoint_t to, const endpoint_t *givers, uint32_t depth)
{
	struct vm_lend_req request = {givers[depth - 1], MINE, PLACE, PAGES * PAGE_SIZE, 0};

	vm_notes.chain = (struct vm_chain){.depth = depth};
	for (uint32_t i = 0; i < depth; i++)
		vm_notes.chain.link[i] =
		        (struct grant_link){.id = GRANT_ID(1, depth - i), .endpoint = givers[i]};
	assert_int_equal(MACHINE_CALL(lend, to, &request, NULL), OK);
	check();
}

static void an_owner_who_is_a_go_between_too_is_told_once(void **state)
{
	const endpoint_t givers[] = {a, b, a};

	(void)state;
	lend_by_chain(c, givers, 3);
	assert_int_equal(lend_pages(c, PLACE, d, PLACE, 1, 1, 0), OK);
	assert_seen_by(2, a, MINE);
	assert_seen_by(2, c, PLACE);
	assert_seen_by(1, a, MINE + PAGE_SIZE);
	assert_seen_by(0, a, MINE + PAGES * PAGE_SIZE);
}

static void it_ends_once_whichever_grant_is_taken_back(void **state)
{
	const endpoint_t givers[] = {a, b, a};

	(void)state;
	for (int i = 0; i < 3; i++) {
		lend_by_chain(c, givers, 3);
		assert_int_equal(lend_pages(c, PLACE, d, PLACE, 1, 1, 0), OK);
		assert_seen_by(2, a, MINE);
		revoke(givers[i], GRANT_ID(1, 3 - i));
		check();
		assert_seen_by(0, a, MINE);
	}
}

/* Of what it had the holder has unmapped some, and mapped it elsewhere. */
static void who_has_only_other_pages_of_a_mapping_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(lend_pages(a, MINE, b, PLACE, PAGES, 1, 0), OK);
	assert_int_equal(lend_pages(a, MINE, b, PLACE, 1, 1, 0), OK);
	assert_int_equal(lend_pages(a, MINE, c, PLACE, PAGES, 2, 0), OK);
	assert_int_equal(unmap(c, PLACE + PAGE_SIZE, 1), OK);
	assert_int_equal(map_at(c, PLACE + 2 * PAGE_SIZE, 1, 0), OK);
	assert_seen_by(2, a, MINE);
	assert_seen_by(1, a, MINE + PAGE_SIZE);
	assert_seen_by(1, a, MINE + 2 * PAGE_SIZE);
	assert_seen_by(2, a, MINE + 3 * PAGE_SIZE);
}

static void assert_held(endpoint_t who, cp_grant_id_t grant, uint32_t is_held)
{
	const struct vm_is_held_req request = {.grant = grant};
	struct vm_is_held_rep reply = {0};

	assert_int_equal(MACHINE_CALL(is_held, who, &request, &reply), OK);
	assert_int_equal(reply.is_held, is_held);
}

/* Also by a go-between's, and until the last page is unmapped. */
static void a_grant_is_held_while_anything_is_mapped_by_it(void **state)
{
	const endpoint_t givers[] = {b, a};

	(void)state;
	lend_by_chain(c, givers, 2);
	assert_held(b, GRANT_ID(1, 2), 1);
	assert_held(a, GRANT_ID(1, 1), 1);
	assert_held(b, GRANT_ID(1, 1), 0);
	assert_held(a, GRANT_ID(2, 1), 0);
	assert_held(a, GRANT_ID(1, 1 + GIVEN_LISTS), 0);
	assert_held(a, -1, 0);
	assert_held(c, GRANT_ID(1, 1), 0);
	assert_int_equal(unmap(c, PLACE, PAGES - 1), OK);
	assert_held(a, GRANT_ID(1, 1), 1);
	assert_int_equal(unmap(c, PLACE, PAGES), OK);
	assert_held(a, GRANT_ID(1, 1), 0);
	assert_held(b, GRANT_ID(1, 2), 0);
	lend_by_chain(c, givers, 2);
	revoke(a, GRANT_ID(1, 1));
	assert_held(a, GRANT_ID(1, 1), 0);
	assert_held(b, GRANT_ID(1, 2), 0);
}

#define VIEWERS_TEST(function) cmocka_unit_test_setup_teardown(function, start, stop_and_check)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        VIEWERS_TEST(an_owner_who_is_a_go_between_too_is_told_once),
	        VIEWERS_TEST(it_ends_once_whichever_grant_is_taken_back),
	        VIEWERS_TEST(who_has_only_other_pages_of_a_mapping_is_not_told),
	        VIEWERS_TEST(a_grant_is_held_while_anything_is_mapped_by_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
