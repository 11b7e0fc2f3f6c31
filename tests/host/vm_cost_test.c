/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c servers/vm/share.c
 * servers/vm/device.c servers/vm/viewers.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/*
 * What the end of lendings costs is in proportion to what ends, whatever their holders do with their memory,
 * and what it costs to tell of them to what is told: counted in basic blocks of VM's code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lend_calls.h"

#define MINE  0x40000000u /* the owner's */
#define PLACE 0x50000000u /* where the holder has it */

static endpoint_t owner, holder;

static void start(void)
{
	static const struct machine_size size = {3000, 16, 20000};

	machine_start(&size);
	assert_int_equal(new_process(), RS_PROC_NR);
	owner = new_process();
	holder = new_process();
}

static void stop(void)
{
	check();
	machine_stop();
}

/* That many times as much costs that many times as much, and a little for longer searches. */
static void assert_in_proportion(const char *what, uint64_t few, uint64_t many, uint32_t times)
{
	print_message("# %s: %llu steps, %u times as much: %llu\n", what, (unsigned long long)few, times,
	              (unsigned long long)many);
	assert_true(many <= few * times + few * times / 4);
}

/* ---- A mapping in many pieces ---- */

static void revokes(uint32_t pages)
{
	(void)pages;
	revoke(owner, 1);
}

static void revokes_a_page(uint32_t pages)
{
	(void)pages;
	revoke_page(owner, MINE);
}

static void unmaps(uint32_t pages)
{
	assert_int_equal(unmap(owner, MINE, pages), OK);
}

static void exits(uint32_t pages)
{
	(void)pages;
	machine_exit(owner);
}

static void gives_back(uint32_t pages)
{
	struct vm_unlend_req request = {.address = PLACE + pages / 2 * PAGE_SIZE};

	assert_int_equal(MACHINE_CALL(unlend, holder, &request, NULL), OK);
}

static const struct {
	const char *name;
	void (*end)(uint32_t pages);
} ends[] = {{"revocation", revokes},
            {"revocation of a page", revokes_a_page},
            {"the owner's munmap", unmaps},
            {"the owner's exit", exits},
            {"sys_safeunmap", gives_back}};
#define ENDS (sizeof(ends) / sizeof(ends[0]))

/* No two neighbours may be used alike, so that none are joined. */
static void cut_in_pieces(endpoint_t who, vir_bytes address, uint32_t pages)
{
	for (uint32_t i = 0; i < pages; i += 2)
		protect(who, address + i * PAGE_SIZE, 1, 0);
}

static uint64_t cost_of_pieces(void (*end)(uint32_t pages), uint32_t pages, uint32_t flags)
{
	uint64_t steps;

	start();
	assert_int_equal(map_at(owner, MINE, pages, 0), OK);
	assert_int_equal(lend_pages(owner, MINE, holder, PLACE, pages, 1, flags), OK);
	cut_in_pieces(holder, PLACE, pages);
	steps = machine_steps();
	end(pages);
	steps = machine_steps() - steps;
	stop();
	return steps;
}

static void pieces_cost_what_they_are(void **state)
{
	static const uint32_t flags[] = {0, VM_LEND_UNMAP};

	(void)state;
	for (unsigned i = 0; i < ENDS; i++)
		for (unsigned f = 0; f < 2; f++)
			assert_in_proportion(ends[i].name, cost_of_pieces(ends[i].end, 500, flags[f]),
			                     cost_of_pieces(ends[i].end, 4000, flags[f]), 8);
}

/* The lower half of the mapping is other memory by now, in as many pieces as what is left of it. */
static uint64_t cost_behind_others(uint32_t pages)
{
	uint64_t steps;

	start();
	assert_int_equal(map_at(owner, MINE, 2 * pages, 0), OK);
	assert_int_equal(lend_pages(owner, MINE, holder, PLACE, 2 * pages, 1, 0), OK);
	assert_int_equal(map_at(holder, PLACE, pages, 0), OK);
	cut_in_pieces(holder, PLACE, 2 * pages);
	steps = machine_steps();
	gives_back(2 * pages);
	steps = machine_steps() - steps;
	stop();
	return steps;
}

static void pieces_behind_other_memory_cost_what_they_are(void **state)
{
	(void)state;
	assert_in_proportion("sys_safeunmap", cost_behind_others(200), cost_behind_others(1600), 8);
}

/* ---- Mappings over one another ---- */

/*
 * One grant is mapped `lendings` times, each time over the one before, of which the first page and the last
 * are left. In the middle of all of them is other memory, in two pieces at least.
 */
static void nest(uint32_t lendings, uint32_t pieces)
{
	uint32_t middle = 3000, pages = middle + 2 * lendings;

	assert_int_equal(map_at(owner, MINE, pages, 0), OK);
	for (uint32_t i = 0; i < lendings; i++)
		assert_int_equal(lend_pages(owner, MINE, holder, PLACE + i * PAGE_SIZE, pages - 2 * i, 1, 0),
		                 OK);
	assert_int_equal(map_at(holder, PLACE + lendings * PAGE_SIZE, middle, 0), OK);
	cut_in_pieces(holder, PLACE + lendings * PAGE_SIZE, pieces);
}

static uint64_t cost_of_nest(uint32_t lendings, uint32_t pieces)
{
	uint64_t steps;

	start();
	nest(lendings, pieces);
	steps = machine_steps();
	revoke(owner, 1);
	steps = machine_steps() - steps;
	stop();
	return steps;
}

/* The pieces in the middle are come by as often as if there were one lending alone. */
static void what_lies_between_is_come_by_once_and_not_for_each_lending(void **state)
{
	uint64_t one = cost_of_nest(1, 3000) - cost_of_nest(1, 2);
	uint64_t many = cost_of_nest(150, 3000) - cost_of_nest(150, 2);

	(void)state;
	print_message("# to pass 3000 regions: %llu steps for one lending, %llu for 150\n",
	              (unsigned long long)one, (unsigned long long)many);
	assert_in_range(many, one / 2, one + one / 4);
}

/* ---- Many lendings of one grant, and of what was had by it ---- */

#define EACH 400 /* of one grant, to one holder */
#define MANY 13  /* others */

static endpoint_t others[MANY];

static void lend_often(endpoint_t from, vir_bytes source, endpoint_t to, cp_grant_id_t id)
{
	for (uint32_t i = 0; i < EACH; i++)
		assert_int_equal(lend_pages(from, source, to, PLACE + 2 * i * PAGE_SIZE, 1, id, 0), OK);
}

/* The owner lends a page to the holder, again and again; and that lends one of these on, to each of so many.
 */
static void lend_on(uint32_t nr_others)
{
	start();
	assert_int_equal(map_at(owner, MINE, 1, 0), OK);
	lend_often(owner, MINE, holder, GRANT_ID(1, 1));
	for (uint32_t i = 0; i < nr_others; i++) {
		others[i] = new_process();
		lend_often(holder, PLACE, others[i], GRANT_ID(1, 2 + i));
	}
}

static uint64_t cost_of(void (*act)(void))
{
	uint64_t steps = machine_steps();

	act();
	return machine_steps() - steps;
}

static uint64_t cost_when_lent_on(uint32_t nr_others, void (*act)(void))
{
	uint64_t steps;

	lend_on(nr_others);
	steps = cost_of(act);
	stop();
	return steps;
}

static void revokes_all(void)
{
	revoke(owner, GRANT_ID(1, 1));
}

static void unmaps_all(void)
{
	assert_int_equal(unmap(owner, MINE, 1), OK);
}

static void exits_all(void)
{
	machine_exit(owner);
}

static void asks_who_sees_it(void)
{
	struct vm_viewers_req request = {.endpoint = SELF, .address = MINE, .count = 1};
	struct vm_viewers_rep reply;

	/* The machine has nowhere to copy the list to. */
	assert_int_equal(MACHINE_CALL(viewers, owner, &request, &reply), -EFAULT);
	assert_int_equal(reply.count, 1);
}

/* Not their number times that of all that the holder has lent on. */
static void what_was_lent_on_costs_what_it_is(void **state)
{
	static void (*const acts[])(void) = {revokes_all, unmaps_all, exits_all, asks_who_sees_it};

	(void)state;
	for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		assert_in_proportion("all that was lent, and lent on", cost_when_lent_on(1, acts[i]),
		                     cost_when_lent_on(MANY, acts[i]), (1 + MANY) / 2);
}

/* The holder is one that has lent to many, as the data store. What it does then for one of them, or for
 * itself: */
static void revokes_one(void)
{
	revoke(holder, GRANT_ID(1, 2));
}

static void unmaps_another(void)
{
	assert_int_equal(unmap(holder, PLACE + 2 * PAGE_SIZE, 1), OK);
}

static void takes_another_back(void)
{
	revoke_page(holder, PLACE + 2 * PAGE_SIZE);
}

static void unmaps_its_own(void)
{
	assert_int_equal(unmap(holder, DATA, 1), OK);
}

static void who_has_lent_to_many_is_not_slowed_down_by_others(void **state)
{
	static void (*const acts[])(void) = {revokes_one, unmaps_another, takes_another_back, unmaps_its_own};

	(void)state;
	for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		assert_in_proportion("one that has lent to many", cost_when_lent_on(1, acts[i]),
		                     cost_when_lent_on(MANY, acts[i]), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pieces_cost_what_they_are),
	        cmocka_unit_test(pieces_behind_other_memory_cost_what_they_are),
	        cmocka_unit_test(what_was_lent_on_costs_what_it_is),
	        cmocka_unit_test(who_has_lent_to_many_is_not_slowed_down_by_others),
	        cmocka_unit_test(what_lies_between_is_come_by_once_and_not_for_each_lending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
