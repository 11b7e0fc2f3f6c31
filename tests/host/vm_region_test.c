/* SPDX-License-Identifier: MIT */
/* links: servers/vm/region.c servers/vm/pool.c */
/* Sets of regions, against an array that says for each page what is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "servers/vm/notes.h"
#include "servers/vm/pool.h"
#include "servers/vm/region.h"
#include "servers/vm/types.h"
#include "servers/vm/vm.h"
#include "seed.h"

#define PAGES 30000
#define STEPS 40000

/* The window of address space used; mmap's part of it ends in its middle. */
#define WINDOW (MMAP_TOP - PAGES / 2 * PAGE_SIZE)

/* ---- What region.c needs of the rest of VM ---- */

/* VM's basic blocks call it: see vm_machine.c. */
void __sanitizer_cov_trace_pc(void)
{
}

void vm_panic(const char *reason)
{
	fprintf(stderr, "VM panics: %s\n", reason);
	abort();
}

bool notes_pending(void)
{
	return false;
}

void notes_apply(void)
{
}

static uint32_t stand(uint32_t object, uint32_t bytes)
{
	(void)bytes;
	return object;
}

static uint32_t march(uint32_t object, uint32_t bytes)
{
	return object + bytes;
}

static const struct memory_type standing = {.advance = stand}, marching = {.advance = march};
const struct memory_type *const memory_types[] = {
        [REGION_ANONYMOUS] = &standing,
        [REGION_ARCHIVE] = &marching,
};

/* ---- The model ---- */

struct model_page {
	uint8_t mapped, prot, type;
	uint32_t object;
};

static struct model_page model[PAGES];
static struct regions set;
static void *memory;

static uint32_t random_below(uint32_t below)
{
	return (uint32_t)random() % below;
}

static vir_bytes address_of(uint32_t page)
{
	return WINDOW + page * PAGE_SIZE;
}

static bool model_empty(uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++)
		if (model[i].mapped)
			return false;
	return true;
}

static bool model_all(uint32_t first, uint32_t end, int prot)
{
	for (uint32_t i = first; i < end; i++)
		if (!model[i].mapped || (prot >= 0 && !(model[i].prot & prot)))
			return false;
	return true;
}

static bool model_continues(uint32_t page)
{
	const struct model_page *left = &model[page - 1], *right = &model[page];

	return left->mapped && right->mapped && left->prot == right->prot && left->type == right->type &&
	       right->object == memory_types[left->type]->advance(left->object, PAGE_SIZE);
}

/* The set must have just the regions that the model has runs of pages. */
static void compare(void)
{
	const struct region *region = regions_from(&set, 0), *last = NULL;

	for (uint32_t i = 0; i < PAGES; i++) {
		if (i == 0 || !model[i].mapped || !model_continues(i))
			assert_ptr_equal(regions_before(&set, address_of(i)), last);
		if (!model[i].mapped)
			continue;
		if (i == 0 || !model_continues(i)) {
			assert_non_null(region);
			assert_int_equal(region->start, address_of(i));
			assert_int_equal(region->prot, model[i].prot);
			assert_int_equal(region->type, model[i].type);
			assert_int_equal(region->object, model[i].object);
		}
		if (i == PAGES - 1 || !model_continues(i + 1)) {
			assert_int_equal(region->end, address_of(i + 1));
			last = region;
			region = regions_from(&set, region->end);
		}
	}
	assert_null(region);
	assert_ptr_equal(regions_before(&set, address_of(PAGES)), last);
}

static vir_bytes model_gap(uint32_t pages)
{
	uint32_t run = 0;

	for (uint32_t i = PAGES / 2; i-- > 0;) {
		run = model[i].mapped ? 0 : run + 1;
		if (run == pages)
			return address_of(i);
	}
	return address_of(run) - pages * PAGE_SIZE;
}

/* ---- Steps ---- */

static void pick(uint32_t *first, uint32_t *end)
{
	*first = random_below(PAGES);
	*end = *first + 1 + random_below(random_below(50) ? 6 : 3000);
	if (*end > PAGES)
		*end = PAGES;
}

/* Where nothing is, and after regions_may_change() has agreed. */
static void insert_new(uint32_t first, uint32_t end)
{
	struct region new = {
	        .start = address_of(first),
	        .end = address_of(end),
	        .prot = random_below(3),
	        .type = random_below(2),
	};

	if (new.type == REGION_ARCHIVE)
		new.object = random_below(4) ? first *PAGE_SIZE : random_below(100) * PAGE_SIZE;
	regions_insert(&set, &new);
	for (uint32_t i = first; i < end; i++) {
		uint32_t object = memory_types[new.type]->advance(new.object, (i - first) * PAGE_SIZE);

		model[i] = (struct model_page){1, new.prot, new.type, object};
	}
}

static void insert(uint32_t first, uint32_t end)
{
	if (model_empty(first, end) && regions_may_change(&set, address_of(first), address_of(end), true))
		insert_new(first, end);
}

static void remove_range(uint32_t first, uint32_t end)
{
	if (!regions_may_change(&set, address_of(first), address_of(end), false))
		return;
	regions_remove(&set, address_of(first), address_of(end));
	memset(&model[first], 0, (end - first) * sizeof(model[0]));
}

static void protect(uint32_t first, uint32_t end)
{
	uint32_t prot = random_below(3);

	if (!regions_may_change(&set, address_of(first), address_of(end), false))
		return;
	regions_protect(&set, address_of(first), address_of(end), prot);
	for (uint32_t i = first; i < end; i++)
		if (model[i].mapped)
			model[i].prot = prot;
}

static void ask(uint32_t first, uint32_t end)
{
	vir_bytes start = address_of(first), stop = address_of(end);
	const struct region *region = regions_find(&set, start + random_below(PAGE_SIZE));

	assert_int_equal(region != NULL, model[first].mapped);
	assert_true(!region || (region->start <= start && region->end > start));
	assert_int_equal(regions_empty(&set, start, stop), model_empty(first, end));
	assert_int_equal(regions_cover(&set, start, stop), model_all(first, end, -1));
	assert_int_equal(regions_allow(&set, start, stop, true), model_all(first, end, VM_PROT_WRITE));
	assert_int_equal(regions_allow(&set, start, stop, false), model_all(first, end, ~0 & 0xff));
	assert_int_equal(regions_find_gap(&set, stop - start), model_gap(end - first));
}

static void check_leaves(void)
{
	for (uint32_t i = 0; i < set.nr_leaves; i++) {
		assert_in_range(set.leaf[i]->nr, 1, REGION_LEAF_MAX);
		if (i > 0)
			assert_true(set.leaf[i - 1]->nr + set.leaf[i]->nr > REGION_LEAF_MAX / 2);
	}
	assert_int_equal(pool_used(POOL_OWN), set.nr_leaves);
}

/* As mmap at a fixed place: what is there makes room for what is new. */
static void replace(uint32_t first, uint32_t end)
{
	if (!regions_may_change(&set, address_of(first), address_of(end), true))
		return;
	regions_remove(&set, address_of(first), address_of(end));
	memset(&model[first], 0, (end - first) * sizeof(model[0]));
	insert_new(first, end);
}

/* Now more is added, now more is removed, so that leaves come and go. */
static void step(int i)
{
	uint32_t first, end, act = random_below(10);

	pick(&first, &end);
	if (act < (i / 8000 % 2 ? 2 : 6))
		insert(first, end);
	else if (act < 7)
		remove_range(first, end);
	else if (act < 8)
		protect(first, end);
	else if (act < 9)
		replace(first, end);
	else
		ask(first, end);
}

static int start(void **state)
{
	uint32_t pages = *(const uint32_t *)*state;

	srandom(test_seed());
	memory = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);
	pool_init(memory, 0x100000, pages);
	memset(&set, 0, sizeof(set));
	memset(model, 0, sizeof(model));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static void set_agrees_with_the_model(void **state)
{
	(void)state;
	for (int i = 0; i < STEPS; i++) {
		step(i);
		check_leaves();
		if (i % 100 == 0)
			compare();
	}
	compare();
	regions_clear(&set);
	assert_int_equal(pool_used(POOL_OWN), 0);
}

/*
 * While VM serves RS it may go below the reserve, and then no page can be had, not even one just given back.
 * What regions_may_change() allows must succeed all the same: if it does not, VM panics.
 */
static void what_is_allowed_succeeds_below_the_reserve_too(void **state)
{
	(void)state;
	for (int i = 0; i < STEPS; i++) {
		pool_keep(random_below(pool_pages() + 2));
		step(i);
		check_leaves();
		if (random_below(2000) == 0)
			replace(0, PAGES);
	}
	compare();
	regions_clear(&set);
}

static void a_copy_is_the_same_set(void **state)
{
	struct regions copy = {0};

	(void)state;
	for (uint32_t page = 0; page < 4000; page += 2)
		insert(page, page + 1);
	assert_int_equal(regions_copy(&copy, &set), OK);
	regions_clear(&set);
	set = copy;
	compare();
	regions_clear(&set);
}

static void two_thousand_scattered_regions_fit_always(void **state)
{
	uint32_t count = 0;

	(void)state;
	for (uint32_t page = 0; page < PAGES; page += 2)
		insert(page, page + 1);
	for (uint32_t page = 0; page < PAGES; page++)
		if (page % 8)
			remove_range(page, page + 1);
	for (uint32_t page = 4; page < PAGES; page += 8)
		insert(page, page + 1);
	compare();
	for (uint32_t page = 0; page < PAGES; page++)
		count += model[page].mapped;
	assert_true(count > 2000);
	regions_clear(&set);
}

static void a_full_set_still_gives_whole_regions_back(void **state)
{
	(void)state;
	for (uint32_t page = 0; page < PAGES; page += 2)
		insert(page, page + 1);
	assert_int_equal(set.nr_leaves, REGION_LEAVES_MAX);
	for (uint32_t page = 0; page < PAGES; page += 2)
		assert_true(regions_may_change(&set, address_of(page), address_of(page + 1), false));
	remove_range(0, PAGES);
	assert_int_equal(pool_used(POOL_OWN), 0);
}

int main(void)
{
	static uint32_t plenty = 64, few = 6;
	const struct CMUnitTest tests[] = {
	        {"set_agrees_with_the_model", set_agrees_with_the_model, start, stop, &plenty},
	        {"set_agrees_when_leaves_run_out", set_agrees_with_the_model, start, stop, &few},
	        {"what_is_allowed_succeeds_below_the_reserve_too",
	         what_is_allowed_succeeds_below_the_reserve_too, start, stop, &few},
	        {"a_copy_is_the_same_set", a_copy_is_the_same_set, start, stop, &plenty},
	        {"two_thousand_scattered_regions_fit_always", two_thousand_scattered_regions_fit_always,
	         start, stop, &plenty},
	        {"a_full_set_still_gives_whole_regions_back", a_full_set_still_gives_whole_regions_back,
	         start, stop, &plenty},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
