/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/* Lendings that wait with an estate: into kept memory and from it, over the service's death. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lend_calls.h"

#define MINE  0x40000000u                 /* where partners have and map memory */
#define THERE (KEPT_BASE + PAGE_SIZE)     /* where the service has mapped the owner's */
#define OWN   (KEPT_BASE + BIG_PAGE_SIZE) /* what it keeps itself */
#define PAGES 4

static endpoint_t service, owner, user;

static void lend(endpoint_t from, vir_bytes source, endpoint_t to, vir_bytes place, cp_grant_id_t id)
{
	assert_int_equal(lend_pages(from, source, to, place, PAGES, id, VM_LEND_WRITE), OK);
}

/* The owner has lent its memory to the service, which has lent it on to the user, and its own beside it. */
static int start(void **state)
{
	start_with_rs(state);
	service = new_service();
	owner = new_process();
	user = new_process();
	keep(service, "own", OWN, PAGES, 0);
	assert_int_equal(map_at(owner, MINE, PAGES, 0), OK);
	put(owner, MINE, 1);
	put(service, OWN, 2);
	lend(owner, MINE, service, THERE, 1);
	lend(service, THERE, user, MINE, 1);
	lend(service, OWN, user, MINE + BIG_PAGE_SIZE, 2);
	return 0;
}

#define USERS_OWN (MINE + BIG_PAGE_SIZE) /* where the user sees what the service keeps */

static void all_see_each_others_writes(endpoint_t successor)
{
	put(owner, MINE, 11);
	assert_int_equal(get(user, MINE), 11);
	put(user, MINE + PAGE_SIZE, 12);
	assert_int_equal(get(owner, MINE + PAGE_SIZE), 12);
	put(user, USERS_OWN, 13);
	if (successor == NONE)
		return;
	assert_int_equal(get(successor, THERE), 11);
	assert_int_equal(get(successor, OWN), 13);
	put(successor, THERE, 14);
	put(successor, OWN, 15);
	assert_int_equal(get(owner, MINE), 14);
	assert_int_equal(get(user, MINE), 14);
	assert_int_equal(get(user, USERS_OWN), 15);
}

static void all_goes_on_over_the_death_and_the_succession(void **state)
{
	endpoint_t next;

	(void)state;
	all_see_each_others_writes(service);
	machine_exit(service);
	check();
	all_see_each_others_writes(NONE);
	next = successor_of(service);
	check();
	all_see_each_others_writes(next);
	machine_exit(next);
	all_see_each_others_writes(successor_of(next));
}

static void an_heir_whose_exec_fails_harms_nothing(void **state)
{
	struct vm_exec_plan overlapping = kept_program;
	endpoint_t heir = new_child();

	(void)state;
	overlapping.segments[1] = overlapping.segments[0];
	machine_exit(service);
	assert_int_equal(succeed(service, heir), OK);
	assert_int_equal(machine_exec(heir, &overlapping), -EINVAL);
	check();
	all_see_each_others_writes(NONE);
	machine_exit(heir);
	all_see_each_others_writes(successor_of(service));
}

/* ---- The owner takes it back ---- */

static void exec_owner(void)
{
	assert_int_equal(machine_exec(owner, &kept_program), OK);
}

static void unmap_owners(void)
{
	assert_int_equal(unmap(owner, MINE, PAGES), OK);
}

static void exit_owner(void)
{
	machine_exit(owner);
}

static void revoke_owners(void)
{
	revoke(owner, 1);
	put(owner, MINE, 99);
}

static void revoke_owners_pages(void)
{
	revoke_page(owner, MINE + PAGE_SIZE);
	put(owner, MINE, 99);
}

static void (*const takes_back[])(void) = {exec_owner, unmap_owners, exit_owner, revoke_owners,
                                           revoke_owners_pages};
#define WAYS (sizeof(takes_back) / sizeof(takes_back[0]))

/* The service, dead, and the user have a snapshot from that instant on. */
static void the_owner_takes_it_back_while_the_service_is_dead(void **state)
{
	for (unsigned i = 0; i < WAYS; i++) {
		endpoint_t next;

		if (i > 0)
			start(state);
		machine_exit(service);
		takes_back[i]();
		check();
		assert_int_equal(region_at(service, THERE).type, REGION_KEPT);
		put(user, MINE, 20);
		next = successor_of(service);
		assert_int_equal(get(next, THERE), 1);
		assert_int_equal(get(user, MINE), 20);
		assert_int_equal(keep_at(next, "new", THERE, PAGE_SIZE, NULL), -EEXIST);
		put(user, USERS_OWN, 21);
		assert_int_equal(get(next, OWN), 21);
		machine_exit(next);
		assert_int_equal(get(successor_of(next), THERE),
		                 1); /* a snapshot is kept like all else there */
		check();
		if (i + 1 < WAYS)
			machine_stop();
	}
}

static void the_owner_takes_it_back_from_the_successor(void **state)
{
	endpoint_t next;

	(void)state;
	machine_exit(service);
	next = successor_of(service);
	revoke(owner, 1);
	put(owner, MINE, 99);
	assert_int_equal(get(next, THERE), 1);
	assert_int_equal(get(user, MINE), 1);
	check();
}

static void what_was_lent_for_no_longer_is_gone(void **state)
{
	(void)state;
	assert_int_equal(lend_pages(owner, MINE, service, THERE, PAGES, 3, VM_LEND_UNMAP | VM_LEND_WRITE),
	                 OK);
	lend(service, THERE, user, MINE, 4);
	machine_exit(service);
	revoke(owner, 3);
	check();
	assert_absent(user, MINE);
	service = successor_of(service);
	assert_absent(service, THERE);
	keep(service, "new", THERE, PAGES, 0);
}

static void without_memory_for_snapshots_nothing_stays(void **state)
{
	endpoint_t hog = new_process();

	(void)state;
	machine_exit(service);
	assert_int_equal(map_at(hog, MINE, frames_available() - 1, VM_MAP_POPULATE), OK);
	revoke(owner, 1);
	check();
	assert_absent(user, MINE);
	assert_int_equal(unmap(hog, MINE, 0x10000), OK);
	assert_absent(successor_of(service), THERE);
}

/* ---- The successor takes back what its predecessor lent ---- */

static void inherited_lendings_have_no_grant_that_could_be_given_again(void **state)
{
	endpoint_t next, other = new_process();

	(void)state;
	machine_exit(service);
	next = successor_of(service);
	lend(next, OWN, other, MINE, 2); /* the id by which the user has it */
	revoke(next, 2);
	revoke(next, 1);
	put(next, OWN, 30);
	assert_int_equal(get(other, MINE), 2);
	assert_int_equal(get(user, USERS_OWN), 30);
	put(next, THERE, 31);
	assert_int_equal(get(user, MINE), 31);
	revoke_page(next, OWN);
	put(next, OWN, 32);
	assert_int_equal(get(user, USERS_OWN), 30);
	revoke_page(next, THERE);
	put(next, THERE, 33);
	assert_int_equal(get(user, MINE), 31);
	assert_int_equal(get(owner, MINE), 33);
	check();
}

static void links_name_the_successor(void **state)
{
	const struct lending *lending;
	endpoint_t next;

	(void)state;
	machine_exit(service);
	lending = process_space(user)->lendings.held;
	assert_int_equal(lending->link[0].grant.endpoint, service);
	assert_int_equal(lending->owner->endpoint, service);
	next = successor_of(service);
	for (; lending; lending = lending->next) {
		assert_int_equal(lending->link[0].grant.endpoint, next);
		assert_int_equal(lending->link[0].grant.id, GRANT_INHERITED);
		assert_int_equal(lending->owner->endpoint, next);
	}
	assert_int_equal(process_space(next)->lendings.held->link[0].grant.endpoint, owner);
	assert_int_equal(process_space(next)->lendings.held->link[0].grant.id, 1);
}

/* ---- What ends with the service ---- */

static void what_lies_outside_the_kept_range_ends_as_always(void **state)
{
	vir_bytes outside = 0x50000000, seen = 0x60000000;

	(void)state;
	assert_int_equal(map_at(service, outside, PAGES, 0), OK);
	put(service, outside, 40);
	lend(service, outside, user, seen, 5);
	lend(owner, MINE, service, outside + BIG_PAGE_SIZE, 6);
	lend(service, outside + BIG_PAGE_SIZE, user, seen + BIG_PAGE_SIZE, 7);
	machine_exit(service);
	check();
	assert_int_equal(region_at(user, seen).type, REGION_ANONYMOUS);
	assert_int_equal(region_at(user, seen + BIG_PAGE_SIZE).type, REGION_ANONYMOUS);
	put(owner, MINE, 41);
	assert_int_equal(get(user, seen), 40);
	assert_int_equal(get(user, seen + BIG_PAGE_SIZE), 1);
	assert_int_equal(get(user, MINE), 41);
}

/* The service was between the owner and the user, without having the memory itself. */
static void what_it_has_passed_on_ends(void **state)
{
	struct vm_lend_req request = {owner, MINE, USERS_OWN + BIG_PAGE_SIZE, PAGES * PAGE_SIZE, 0};

	(void)state;
	vm_notes.chain = (struct vm_chain){
	        .depth = 2, .link = {{.id = 8, .endpoint = service}, {.id = 8, .endpoint = owner}}};
	assert_int_equal(MACHINE_CALL(lend, user, &request, NULL), OK);
	machine_exit(service);
	check();
	assert_int_equal(region_at(user, request.address).type, REGION_ANONYMOUS);
	assert_int_equal(region_at(user, MINE).type, REGION_LENT);
}

/* Others stand between the service, which has the memory, and the last. */
static void what_others_pass_on_from_it_goes_on_while_they_live(void **state)
{
	vir_bytes place = USERS_OWN + BIG_PAGE_SIZE;
	struct vm_lend_req request = {service, OWN, place, PAGES * PAGE_SIZE, 0};
	endpoint_t last = new_process(), next;

	(void)state;
	vm_notes.chain = (struct vm_chain){
	        .depth = 2, .link = {{.id = 8, .endpoint = user}, {.id = 8, .endpoint = service}}};
	assert_int_equal(MACHINE_CALL(lend, last, &request, NULL), OK);
	machine_exit(service);
	next = successor_of(service);
	put(next, OWN, 50);
	assert_int_equal(get(last, place), 50);
	machine_exit(user);
	put(next, OWN, 51);
	assert_int_equal(get(last, place), 50);
	check();
}

static void when_rs_gives_up_all_ends(void **state)
{
	(void)state;
	machine_exit(service);
	assert_int_equal(succeed(service, NONE), OK);
	check();
	assert_false(frame_lent(*pagetable_find(&process_space(owner)->pagetable, MINE) & PTE_FRAME));
	put(owner, MINE, 60);
	assert_int_equal(get(user, MINE), 1);
	assert_int_equal(get(user, USERS_OWN), 2);
	assert_int_equal(region_at(user, USERS_OWN).type, REGION_ANONYMOUS);
}

static void when_the_user_ends_nothing_is_left_of_it(void **state)
{
	endpoint_t next;

	(void)state;
	machine_exit(service);
	machine_exit(user);
	check();
	next = successor_of(service);
	assert_false(frame_lent(*pagetable_find(&process_space(next)->pagetable, OWN) & PTE_FRAME));
	put(next, THERE, 70);
	assert_int_equal(get(owner, MINE), 70);
	assert_null(process_space(next)->lendings.lent);
	assert_int_equal(process_space(next)->lendings.nr_lent, 0);
}

static void an_exec_of_no_heir_ends_all(void **state)
{
	(void)state;
	assert_int_equal(machine_exec(service, &kept_program), OK);
	check();
	assert_absent(service, THERE);
	put(owner, MINE, 80);
	assert_int_equal(get(user, MINE), 1);
	assert_int_equal(get(user, USERS_OWN), 2);
}

/* ---- Who keeps nothing, and what can't be ---- */

/* Not even a snapshot that it has there. */
static void who_has_kept_nothing_leaves_nothing(void **state)
{
	endpoint_t other = new_service();

	(void)state;
	lend(owner, MINE, other, THERE, 9);
	lend(owner, MINE, other, OWN, 10);
	revoke(owner, 10);
	assert_int_equal(region_at(other, OWN).type, REGION_KEPT);
	machine_exit(other);
	check();
	assert_int_equal(succeed(other, NONE), -ESRCH);
}

static void children_have_nothing_of_what_is_mapped_there(void **state)
{
	endpoint_t child = fork_of(service);

	(void)state;
	assert_absent(child, THERE);
	assert_absent(child, OWN);
	check();
	all_see_each_others_writes(service);
}

static void a_lending_is_kept_as_a_whole_or_not_at_all(void **state)
{
	vir_bytes below = KEPT_BASE - 2 * PAGE_SIZE, above = KEPT_END - 2 * PAGE_SIZE;

	(void)state;
	assert_int_equal(lend_pages(owner, MINE, service, below, PAGES, 11, 0), -EINVAL);
	assert_int_equal(lend_pages(owner, MINE, service, above, PAGES, 11, 0), -EINVAL);
	keep(service, "first", KEPT_BASE, 1, 0);
	assert_int_equal(map_at(service, KEPT_BASE - (PAGES - 1) * PAGE_SIZE, PAGES - 1, 0), OK);
	assert_int_equal(lend_pages(service, KEPT_BASE - (PAGES - 1) * PAGE_SIZE, user, MINE, PAGES, 11, 0),
	                 -EINVAL);
	assert_int_equal(lend_pages(owner, MINE, service, KEPT_END - PAGES * PAGE_SIZE, PAGES, 11, 0), OK);
	check();
}

static void nobody_borrows_from_the_dead(void **state)
{
	(void)state;
	machine_exit(service);
	assert_int_equal(lend_pages(service, OWN, owner, OWN, PAGES, 12, 0), -EINVAL);
	assert_int_equal(lend_pages(owner, MINE, service, OWN, PAGES, 12, 0), -EINVAL);
}

/* What the user has by the service can't come back to that, or to its successor. */
static void a_loop_stays_one_over_the_succession(void **state)
{
	endpoint_t next;

	(void)state;
	machine_exit(service);
	next = successor_of(service);
	assert_int_equal(lend_pages(user, USERS_OWN, next, OWN + BIG_PAGE_SIZE, PAGES, 13, 0), -ELOOP);
}

#define LEND_TEST(function) cmocka_unit_test_setup_teardown(function, start, stop_and_check)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LEND_TEST(all_goes_on_over_the_death_and_the_succession),
	        LEND_TEST(an_heir_whose_exec_fails_harms_nothing),
	        LEND_TEST(the_owner_takes_it_back_while_the_service_is_dead),
	        LEND_TEST(the_owner_takes_it_back_from_the_successor),
	        LEND_TEST(what_was_lent_for_no_longer_is_gone),
	        LEND_TEST(without_memory_for_snapshots_nothing_stays),
	        LEND_TEST(inherited_lendings_have_no_grant_that_could_be_given_again),
	        LEND_TEST(links_name_the_successor),
	        LEND_TEST(what_lies_outside_the_kept_range_ends_as_always),
	        LEND_TEST(what_it_has_passed_on_ends),
	        LEND_TEST(what_others_pass_on_from_it_goes_on_while_they_live),
	        LEND_TEST(when_rs_gives_up_all_ends),
	        LEND_TEST(when_the_user_ends_nothing_is_left_of_it),
	        LEND_TEST(an_exec_of_no_heir_ends_all),
	        LEND_TEST(who_has_kept_nothing_leaves_nothing),
	        LEND_TEST(children_have_nothing_of_what_is_mapped_there),
	        LEND_TEST(a_lending_is_kept_as_a_whole_or_not_at_all),
	        LEND_TEST(nobody_borrows_from_the_dead),
	        LEND_TEST(a_loop_stays_one_over_the_succession),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
