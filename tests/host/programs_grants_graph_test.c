/* SPDX-License-Identifier: MIT */
/* links: programs/grants/graph.c programs/grants/found.c programs/grants/reach.c programs/lib/processes.c */
/* The tree of grants: right for those that mean well, and a tree all the same for those that do not. */
#include "grants_found.h"
#include "seed.h"

static void check_reach(const struct node *node, endpoint_t owner, uint64_t start, uint64_t end,
                        uint32_t access)
{
	assert_int_equal(node->reach.owner, owner);
	assert_int_equal(node->reach.start, start);
	assert_int_equal(node->reach.end, end);
	assert_int_equal(node->reach.access, access);
}

/* It is alone, gives nothing, and says why. */
static void check_worthless(const struct node *node, enum standing standing)
{
	assert_int_equal(node->standing, standing);
	assert_int_equal(node->reach.owner, NONE);
	assert_true(node->is_root);
}

/* Walks as a picture does. Returns how many nodes stand there; none stands deeper than can be. */
static uint32_t count_below(uint32_t index, int level)
{
	uint32_t count = 1;

	assert_in_range(level, 0, GRAPH_LEVELS - 1);
	for (uint32_t i = graph.nodes[index].first; i != NO_NODE; i = graph.nodes[i].next) {
		assert_false(graph.nodes[i].is_root);
		count += count_below(i, level + 1);
	}
	return count;
}

static void check_all_are_drawn_once(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < graph.count; i++)
		if (graph.nodes[i].is_root)
			count += count_below(i, 0);
	assert_int_equal(count, graph.count);
	assert_int_equal(graph.count, found.nr_grants + found.nr_mappings);
}

/* ---- As it should be ---- */

static void nothing_is_a_tree_too(void **state)
{
	uint32_t first, end;

	(void)state;
	make();
	assert_int_equal(graph.count, 0);
	graph_giver(&graph, OWNER, &first, &end);
	assert_int_equal(first, end);
}

static void what_is_passed_on_stands_on_what_it_was_made_of(void **state)
{
	(void)state;
	add_indirect(BETWEEN, 1, READER, OWNER, 1, 0x1000, 0x2000, RM);
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x4000, RWM);
	add_mapping(READER, 0x70000, 1, OWNER, 0xa000, BETWEEN, 1);
	make();
	const struct node *direct = grant_node(OWNER, 1), *passed = grant_node(BETWEEN, 1);
	check_reach(direct, OWNER, 0x8000, 0xc000, RWM);
	check_reach(passed, OWNER, 0x9000, 0xb000, RM);
	assert_true(direct->is_root);
	assert_ptr_equal(&graph.nodes[direct->first], passed);
	assert_ptr_equal(&graph.nodes[passed->first], mapping_node(READER, 0x70000));
	assert_int_equal(passed->chain, 2);
	check_all_are_drawn_once();
}

static void mappings_stand_before_what_is_passed_on(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x4000, RWM);
	add_indirect(BETWEEN, 1, READER, OWNER, 1, 0, GRANT_ALL, CPF_RIGHTS);
	add_indirect(BETWEEN, 2, READER, OWNER, 1, 0, GRANT_ALL, CPF_RIGHTS);
	add_mapping(BETWEEN, 0x60000, 1, OWNER, 0x8000, OWNER, 1);
	make();
	const struct node *node = &graph.nodes[grant_node(OWNER, 1)->first];
	assert_ptr_equal(node, mapping_node(BETWEEN, 0x60000));
	node = &graph.nodes[node->next];
	assert_ptr_equal(node, grant_node(BETWEEN, 1));
	assert_ptr_equal(&graph.nodes[node->next], grant_node(BETWEEN, 2));
}

static void what_is_mapped_can_be_lent_on_with_no_more_rights(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x4000, RM | CPF_UNMAP);
	add_mapping(BETWEEN, 0x60000, 4, OWNER, 0x8000, OWNER, 1)->flags = VM_LEND_UNMAP;
	add_direct(BETWEEN, 1, READER, 0x61000, 0x1000, RWM);
	add_direct(BETWEEN, 2, READER, 0x64000, 0x1000, RWM); /* right behind it */
	add_direct(BETWEEN, 3, READER, 0x63000, 0x2000, RWM); /* its end, and what is behind it */
	make();
	const struct node *mapping = mapping_node(BETWEEN, 0x60000), *lent = grant_node(BETWEEN, 1);
	assert_ptr_equal(&graph.nodes[mapping->first], lent);
	check_reach(lent, BETWEEN, 0x61000, 0x62000, RM | CPF_UNMAP);
	assert_int_equal(lent->depth, 2);
	assert_true(grant_node(BETWEEN, 2)->is_root && grant_node(BETWEEN, 3)->is_root);
	check_all_are_drawn_once();
}

static void what_a_successor_has_inherited_stands_by_itself(void **state)
{
	(void)state;
	add_mapping(BETWEEN, 0x60000, 4, OWNER, 0x8000, OWNER, 1)->link[0].id = GRANT_INHERITED;
	add_direct(BETWEEN, 1, READER, 0x61000, 0x1000, RM);
	make();
	assert_int_equal(mapping_node(BETWEEN, 0x60000)->standing, STANDS);
	assert_true(mapping_node(BETWEEN, 0x60000)->is_root);
	check_reach(grant_node(BETWEEN, 1), BETWEEN, 0x61000, 0x62000, RM);
	check_all_are_drawn_once();
}

static void the_newest_of_several_mappings_counts(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x8000, RWM);
	add_mapping(BETWEEN, 0x62000, 1, OWNER, 0x8000, OWNER, 1)->flags =
	        VM_LEND_WRITE; /* VM tells it first */
	add_mapping(BETWEEN, 0x60000, 8, OWNER, 0x8000, OWNER, 1);
	add_direct(BETWEEN, 1, READER, 0x62000, 0x1000, RW);
	add_direct(BETWEEN, 2, READER, 0x63000, 0x1000, RW); /* behind the small one, within the large one */
	add_mapping(READER, 0x60000, 4, OWNER, 0x8000, OWNER, 2);
	add_mapping(READER, 0x62000, 8, OWNER, 0x8000, OWNER, 2); /* the newer one lies over its beginning */
	add_direct(READER, 1, OWNER, 0x62000, 0x1000, RW);
	make();
	assert_ptr_equal(&graph.nodes[grant_node(READER, 1)->below], mapping_node(READER, 0x60000));
	assert_ptr_equal(&graph.nodes[grant_node(BETWEEN, 1)->below], mapping_node(BETWEEN, 0x62000));
	assert_ptr_equal(&graph.nodes[grant_node(BETWEEN, 2)->below], mapping_node(BETWEEN, 0x60000));
}

static void a_mapping_told_twice_is_one(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x8000, RWM);
	add_mapping(BETWEEN, 0x60000, 1, OWNER, 0x8000, OWNER, 1);
	add_mapping(BETWEEN, 0x61000, 1, OWNER, 0x8000, OWNER, 1);
	add_mapping(BETWEEN, 0x60000, 1, OWNER, 0x8000, OWNER, 1);
	make();
	assert_int_equal(found.nr_mappings, 2);
	check_all_are_drawn_once();
}

static void magic_is_for_whom_the_manifest_allows_it(void **state)
{
	struct cp_grant magic = {.id = ID(1),
	                         .flags = CPF_MAGIC | RWM,
	                         .who_to = READER,
	                         .who_from = OWNER,
	                         .start = 0x8000,
	                         .bytes = 0x1000};

	(void)state;
	add_grant(BETWEEN, magic);
	make();
	check_worthless(grant_node(BETWEEN, 1), NO_RIGHT);
	process_list[1].kernel.priv_flags = PRIV_MAGIC;
	make();
	check_reach(grant_node(BETWEEN, 1), OWNER, 0x8000, 0x9000, RW); /* never to be mapped */
	found.grants[0].record.who_from = GONE;
	make();
	check_worthless(grant_node(BETWEEN, 1), ON_NOBODY);
}

static void magic_lends_no_memory_of_the_core(void **state)
{
	static const endpoint_t core[] = {VM_PROC_NR, PM_PROC_NR, RS_PROC_NR};

	(void)state;
	process_list[1].kernel.priv_flags = PRIV_MAGIC;
	for (int i = 0; i < 3; i++) {
		add_process("core", core[i], 0);
		add_grant(BETWEEN, (struct cp_grant){.id = ID(i + 1),
		                                     .flags = CPF_MAGIC | RW,
		                                     .who_to = READER,
		                                     .who_from = core[i],
		                                     .start = 0x8000,
		                                     .bytes = 0x1000});
	}
	make();
	for (int i = 0; i < 3; i++)
		check_worthless(grant_node(BETWEEN, i + 1), OF_CORE);
}

/* ---- As it should not be ---- */

static void what_stands_on_nothing_is_told_so(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x1000, RWM);
	add_indirect(BETWEEN, 1, READER, OWNER, 2, 0, GRANT_ALL, CPF_RIGHTS);
	add_indirect(BETWEEN, 2, READER, GONE, 1, 0, GRANT_ALL, CPF_RIGHTS);
	add_indirect(READER, 1, BETWEEN, OWNER, 1, 0, GRANT_ALL, CPF_RIGHTS); /* that is not for the reader */
	add_indirect(READER, 2, OWNER, READER, 3, 0, GRANT_ALL, CPF_RIGHTS);
	add_direct(READER, 3, ANY, 0x8000, 0x1000, CPF_READ); /* anyone may copy, but not pass on */
	add_mapping(READER, 0x70000, 1, OWNER, 0x8000, OWNER, 7);
	make();
	check_worthless(grant_node(BETWEEN, 1), ON_NOTHING);
	check_worthless(grant_node(BETWEEN, 2), ON_NOBODY);
	check_worthless(grant_node(READER, 1), NOT_ITS);
	check_worthless(grant_node(READER, 2), NOT_ITS);
	check_worthless(mapping_node(READER, 0x70000), ON_NOTHING);
	check_all_are_drawn_once();
}

static void an_old_id_is_not_a_new_one_in_its_place(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x1000, RWM)->id = GRANT_ID(GRANT_SEQUENCES + 99, 1);
	add_indirect(BETWEEN, 1, READER, OWNER, 1, 0, GRANT_ALL, CPF_RIGHTS);
	make();
	check_worthless(grant_node(BETWEEN, 1), ON_NOTHING);
}

static void nobody_can_widen(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x1000, CPF_READ);
	add_indirect(BETWEEN, 1, READER, OWNER, 1, 0x800, 0x10000, RWM);
	add_indirect(BETWEEN, 2, READER, OWNER, 1, 0x1000, 1, RWM);
	add_indirect(BETWEEN, 3, READER, OWNER, 1, 0xfffff000, 0x2000, RWM);
	add_indirect(BETWEEN, 4, READER, OWNER, 1, 0x1000, 0, RWM); /* no bytes, at the end */
	make();
	check_reach(grant_node(BETWEEN, 1), OWNER, 0x8800, 0x9000, CPF_READ);
	assert_int_equal(grant_node(BETWEEN, 2)->standing, BEYOND);
	assert_int_equal(grant_node(BETWEEN, 3)->standing, BEYOND);
	assert_int_equal(grant_node(BETWEEN, 3)->reach.owner, NONE);
	check_reach(grant_node(BETWEEN, 4), OWNER, 0x9000, 0x9000, CPF_READ);
	check_all_are_drawn_once();
}

static void what_can_not_be_mapped_is_not_said_to_be(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x800, RWM);
	add_direct(OWNER, 2, BETWEEN, 0x8800, 0x1000, RWM);
	add_direct(OWNER, 3, ANY, 0x8000, 0x1000, RWM);
	add_direct(OWNER, 4, BETWEEN, 0x8000, 0x1000, CPF_MAP | CPF_WRITE);
	add_direct(OWNER, 5, BETWEEN, 0x8000, 0x1000, RWM);
	add_indirect(BETWEEN, 5, READER, OWNER, 5, 0x10, 0x10, RWM);
	make();
	for (int n = 1; n <= 4; n++)
		assert_false(grant_node(OWNER, n)->reach.access & CPF_MAP);
	assert_true(grant_node(OWNER, 5)->reach.access & CPF_MAP);
	assert_false(grant_node(BETWEEN, 5)->reach.access & CPF_MAP);
}

static void rings_are_cut(void **state)
{
	(void)state;
	add_indirect(OWNER, 1, BETWEEN, BETWEEN, 1, 0, GRANT_ALL, RWM);
	add_indirect(BETWEEN, 1, OWNER, OWNER, 1, 0, GRANT_ALL, RWM);
	add_indirect(READER, 1, READER, READER, 1, 0, GRANT_ALL, RWM);  /* on itself */
	add_indirect(READER, 2, BETWEEN, READER, 1, 0, GRANT_ALL, RWM); /* hangs on that */
	add_mapping(READER, 0x70000, 1, OWNER, 0x8000, BETWEEN, 1);
	make();
	check_worthless(grant_node(OWNER, 1), IN_RING);
	check_worthless(grant_node(BETWEEN, 1), IN_RING);
	check_worthless(grant_node(READER, 1), IN_RING);
	check_worthless(grant_node(READER, 2), IN_RING);
	check_all_are_drawn_once();
}

/* Each lends what it has mapped of the other's: records changed since, for it can't have come about so. */
static void rings_of_mappings_are_cut(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x60000, 0x1000, RWM);
	add_mapping(BETWEEN, 0x70000, 1, OWNER, 0x60000, OWNER, 1);
	add_direct(BETWEEN, 1, OWNER, 0x70000, 0x1000, RWM);
	add_mapping(OWNER, 0x60000, 1, BETWEEN, 0x70000, BETWEEN, 1);
	make();
	assert_int_equal(grant_node(OWNER, 1)->standing, IN_RING);
	assert_int_equal(mapping_node(OWNER, 0x60000)->standing, IN_RING);
	check_all_are_drawn_once();
}

static void a_chain_has_five_grants(void **state)
{
	(void)state;
	add_direct(OWNER, 1, OWNER, 0x8000, 0x1000, RW);
	for (int n = 2; n <= 9; n++)
		add_indirect(OWNER, n, OWNER, OWNER, n - 1, 0, GRANT_ALL, RW);
	make();
	check_reach(grant_node(OWNER, 5), OWNER, 0x8000, 0x9000, RW);
	assert_false(grant_node(OWNER, 5)->is_root);
	for (int n = 6; n <= 9; n++)
		check_worthless(grant_node(OWNER, n), TOO_LONG);
	check_all_are_drawn_once();
}

/* As deep as VM allows: five mappings, each of the one before; and one grant more. */
static void the_fifth_grant_is_the_last_to_be_mapped(void **state)
{
	(void)state;
	for (int n = 1; n <= 6; n++) {
		endpoint_t giver = n % 2 ? OWNER : BETWEEN, taker = n % 2 ? BETWEEN : OWNER;

		add_direct(giver, n, taker, 0x10000u * (uint32_t)n, 0x1000, RWM);
		if (n <= 5)
			add_mapping(taker, 0x10000u * (uint32_t)(n + 1), 1, giver, 0x10000u * (uint32_t)n,
			            giver, n)
			        ->flags = VM_LEND_WRITE;
	}
	make();
	assert_int_equal(grant_node(OWNER, 5)->depth, 5);
	check_reach(grant_node(OWNER, 5), OWNER, 0x50000, 0x51000, RWM);
	assert_int_equal(grant_node(BETWEEN, 6)->standing, TOO_FAR);
	check_reach(grant_node(BETWEEN, 6), BETWEEN, 0x60000, 0x61000, RW);
	check_all_are_drawn_once();
}

static void garbage_is_a_grant_of_nothing(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8000, 0x1000, RWM)->flags = CPF_RIGHTS;
	add_direct(OWNER, 2, BETWEEN, 0x8000, 0x1000, RWM)->flags |= CPF_MAGIC;
	add_direct(OWNER, 3, INT32_MIN, 0xfffff000, GRANT_ALL, 0xffffffff & ~CPF_KIND);
	add_indirect(OWNER, 4, OWNER, ANY, 1, 0, 0, 0)->from_id = INT64_MIN;
	add_direct(OWNER, 5, BETWEEN, 0x8000, 0x1000, RWM)->id = -12345;
	add_direct(OWNER, 6, BETWEEN, 0x8000, 0x1000, RWM)->id = -12345; /* twice */
	make();
	check_worthless(grant_node(OWNER, 1), NO_KIND);
	check_worthless(grant_node(OWNER, 2), NO_KIND);
	check_reach(grant_node(OWNER, 3), OWNER, 0xfffff000, 0x100000000, CPF_ACCESS);
	check_worthless(grant_node(OWNER, 4), ON_NOBODY);
	check_all_are_drawn_once();
}

/* A table as full as it can be, each grant made of the one before. */
static void the_longest_chain_is_no_harm(void **state)
{
	(void)state;
	add_direct(OWNER, 0, OWNER, 0x8000, 0x1000, RW);
	for (int n = 1; n < GRANT_SLOTS; n++)
		add_indirect(OWNER, n, OWNER, OWNER, n - 1, 0, GRANT_ALL, RW);
	make();
	assert_int_equal(grant_node(OWNER, GRANT_SLOTS - 1)->standing, TOO_LONG);
	check_all_are_drawn_once();
}

/* ---- At random ---- */

static endpoint_t anybody(void)
{
	static const endpoint_t some[] = {OWNER, BETWEEN, READER, OWNER, BETWEEN, READER, GONE, ANY, SELF, 0};

	return some[rand() % 10];
}

static void add_at_random(void)
{
	static const uint32_t kinds[] = {CPF_DIRECT, CPF_INDIRECT, CPF_INDIRECT, CPF_MAGIC, CPF_KIND};
	vir_bytes start = (vir_bytes)(rand() % 16) * PAGE_SIZE;

	if (rand() % 3)
		add_indirect((endpoint_t)(OWNER + rand() % 3), rand() % 20, anybody(), anybody(), rand() % 20,
		             start, (uint32_t)(rand() % 4) * PAGE_SIZE, (uint32_t)rand() & CPF_ACCESS)
		        ->flags ^= CPF_INDIRECT ^ kinds[rand() % 5];
	else
		add_mapping((endpoint_t)(OWNER + rand() % 3), start, 1 + (uint32_t)rand() % 4,
		            (endpoint_t)(OWNER + rand() % 3), (vir_bytes)(rand() % 16) * PAGE_SIZE, anybody(),
		            rand() % 20);
}

static void check_narrowing(const struct node *node)
{
	const struct node *below = node->below == NO_NODE ? NULL : &graph.nodes[node->below];

	if (!below || !node->grant || !below->grant || node->reach.owner == NONE)
		return;
	assert_int_equal(node->reach.owner, below->reach.owner);
	assert_in_range(node->reach.start, below->reach.start, below->reach.end);
	assert_in_range(node->reach.end, node->reach.start, below->reach.end);
	assert_int_equal(node->reach.access & CPF_RIGHTS & ~below->reach.access, 0);
}

static void whatever_tables_say_it_is_a_tree(void **state)
{
	(void)state;
	srand(test_seed());
	for (int round = 0; round < 3000; round++) {
		found.nr_grants = found.nr_mappings = 0;
		for (int i = rand() % 60; i > 0; i--)
			add_at_random();
		make();
		check_all_are_drawn_once();
		for (uint32_t i = 0; i < graph.count; i++)
			check_narrowing(&graph.nodes[i]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(nothing_is_a_tree_too),
	        TEST(what_is_passed_on_stands_on_what_it_was_made_of),
	        TEST(mappings_stand_before_what_is_passed_on),
	        TEST(what_is_mapped_can_be_lent_on_with_no_more_rights),
	        TEST(what_a_successor_has_inherited_stands_by_itself),
	        TEST(the_newest_of_several_mappings_counts),
	        TEST(a_mapping_told_twice_is_one),
	        TEST(magic_is_for_whom_the_manifest_allows_it),
	        TEST(magic_lends_no_memory_of_the_core),
	        TEST(what_stands_on_nothing_is_told_so),
	        TEST(an_old_id_is_not_a_new_one_in_its_place),
	        TEST(nobody_can_widen),
	        TEST(what_can_not_be_mapped_is_not_said_to_be),
	        TEST(rings_are_cut),
	        TEST(rings_of_mappings_are_cut),
	        TEST(a_chain_has_five_grants),
	        TEST(the_fifth_grant_is_the_last_to_be_mapped),
	        TEST(garbage_is_a_grant_of_nothing),
	        TEST(the_longest_chain_is_no_harm),
	        TEST(whatever_tables_say_it_is_a_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
