/* SPDX-License-Identifier: MIT */
/* links: servers/pm/condense.c */
/* After the few events a listener knows what it would know after the many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pm_knowledge.h"
#include "seed.h"
#include "servers/pm/condense.h"

#define RING_SIZE 8192
#define ROUNDS    300
#define FIRST     3 /* the slots of VM, PM and RS are never another's */

static struct pm_event ring[RING_SIZE];
static uint32_t after, count;
static int generation;

/* The processes that live; the listener knows those that lived when the events began. */
static endpoint_t living[ENDPOINT_SLOTS];
static uint32_t nr_living;

static endpoint_t make(int slot)
{
	return living[nr_living++] = ENDPOINT_MAKE(slot, ++generation);
}

static void add(endpoint_t endpoint, endpoint_t what)
{
	assert_true(count < RING_SIZE);
	ring[(after + ++count) % RING_SIZE] = (struct pm_event){.endpoint = endpoint, .what = what};
}

static int slot_is_free(int slot)
{
	for (uint32_t i = 0; i < nr_living; i++)
		if (ENDPOINT_SLOT(living[i]) == slot)
			return 0;
	return 1;
}

static uint32_t any(unsigned *seed, uint32_t below)
{
	return (uint32_t)rand_r(seed) % below;
}

/* Few slots, so that they are used again, or all. */
static void do_something(unsigned *seed, uint32_t slots)
{
	endpoint_t who = living[any(seed, nr_living)];
	int slot = FIRST + (int)any(seed, slots - FIRST);

	switch (any(seed, 4)) {
	case 0:
		add(who, PM_EVENT_EXEC);
		return;
	case 1:
		if (nr_living == 1)
			return;
		for (uint32_t i = 0; i < nr_living; i++)
			if (living[i] == who)
				living[i--] = living[--nr_living];
		add(who, PM_EVENT_EXIT);
		return;
	default:
		if (slot_is_free(slot))
			add(make(slot), who);
	}
}

static void take_all(struct knowledge *knowledge)
{
	for (uint32_t i = 1; i <= count; i++)
		knowledge_take(knowledge, &ring[(after + i) % RING_SIZE]);
}

static void begin(struct knowledge *knowledge, uint32_t known)
{
	nr_living = count = 0;
	memset(knowledge, 0, sizeof(*knowledge));
	for (uint32_t i = 0; i < known; i++)
		knowledge_set(knowledge, make(FIRST + (int)i), i + 1);
}

static void assert_same_knowledge(const struct knowledge *one, const struct knowledge *other)
{
	for (int slot = 0; slot < ENDPOINT_SLOTS; slot++) {
		assert_int_equal(one->of[slot], other->of[slot]);
		if (one->of[slot] != UNKNOWN)
			assert_int_equal(one->endpoints[slot], other->endpoints[slot]);
	}
}

/* Condenses, again when more has happened, as PM does. */
static void random_events_come_to_the_same(void **state)
{
	static struct knowledge many, few;
	unsigned first = test_seed();

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned seed = first + round;
		uint32_t known = 1 + any(&seed, 30), slots = round % 2 ? known + 10 : ENDPOINT_SLOTS;

		begin(&many, known);
		few = many;
		after = (uint32_t)rand_r(&seed) * 2 + 1; /* it wraps sooner or later */
		for (int part = 0; part < 3; part++) {
			struct knowledge before = few;

			for (uint32_t i = any(&seed, 2000); i > 0; i--)
				do_something(&seed, slots);
			many = before;
			take_all(&many);
			count = condense_events(ring, RING_SIZE, after, count);
			assert_true(count <= 5 * slots);
			take_all(&before);
			assert_same_knowledge(&before, &many);
		}
	}
}

static void who_comes_and_goes_leaves_nothing(void **state)
{
	static struct knowledge knowledge;
	endpoint_t child;

	(void)state;
	begin(&knowledge, 1);
	for (int i = 0; i < 1000; i++) {
		child = ENDPOINT_MAKE(7, ++generation);
		add(child, living[0]);
		add(child, PM_EVENT_EXEC);
		add(child, PM_EVENT_EXIT);
	}
	assert_int_equal(condense_events(ring, RING_SIZE, after, count), 0);
}

static void a_chain_of_forks_leaves_its_end(void **state)
{
	static struct knowledge knowledge;
	endpoint_t parent, child;

	(void)state;
	begin(&knowledge, 1);
	parent = living[0];
	for (int i = 0; i < 1000; i++) {
		child = ENDPOINT_MAKE(7 + i % 2, ++generation);
		add(child, parent);
		add(parent, PM_EVENT_EXIT);
		parent = child;
	}
	assert_int_equal(condense_events(ring, RING_SIZE, after, count), 2);
	assert_int_equal(ring[(after + 1) % RING_SIZE].endpoint, parent);
	assert_int_equal(ring[(after + 1) % RING_SIZE].what, living[0]);
	assert_int_equal(ring[(after + 2) % RING_SIZE].endpoint, living[0]);
	assert_int_equal(ring[(after + 2) % RING_SIZE].what, PM_EVENT_EXIT);
}

/* Everybody's grandchild has its slot: each needs a stand-in. */
static void no_more_than_is_said_are_left(void **state)
{
	static struct knowledge knowledge, few;
	const int others = FIRST + 1;
	endpoint_t child, grandchild;

	(void)state;
	begin(&knowledge, 1);
	for (int slot = others; slot < ENDPOINT_SLOTS; slot++)
		knowledge_set(&knowledge, make(slot), (uint32_t)slot);
	few = knowledge;
	add(living[0], PM_EVENT_EXIT);
	for (int slot = others; slot < ENDPOINT_SLOTS; slot++) {
		endpoint_t parent = living[slot - FIRST];

		child = ENDPOINT_MAKE(FIRST, ++generation);
		grandchild = ENDPOINT_MAKE(slot, ++generation);
		add(child, parent);
		add(parent, PM_EVENT_EXIT);
		add(grandchild, child);
		add(child, PM_EVENT_EXIT);
		add(grandchild, PM_EVENT_EXEC);
	}
	take_all(&knowledge);
	count = condense_events(ring, RING_SIZE, after, count);
	assert_int_equal(count, 1 + 5 * (ENDPOINT_SLOTS - others));
	assert_true(count <= CONDENSED_MAX);
	take_all(&few);
	assert_same_knowledge(&few, &knowledge);
}

/* Each has the slot of the next one's parent: one stand-in for all. */
static void one_stands_in_for_a_whole_circle(void **state)
{
	static struct knowledge knowledge, few;
	const int circle = 100;

	(void)state;
	begin(&knowledge, (uint32_t)circle);
	few = knowledge;
	for (int i = 0; i < circle; i++)
		add(ENDPOINT_MAKE(500 + i, ++generation), living[i]);
	for (int i = 0; i < circle; i++)
		add(living[i], PM_EVENT_EXIT);
	for (uint32_t i = 0; i < (uint32_t)circle; i++)
		add(ENDPOINT_MAKE(FIRST + (int)(i + 1) % circle, ++generation),
		    ring[(after + 1 + i) % RING_SIZE].endpoint);
	for (uint32_t i = 0; i < (uint32_t)circle; i++)
		add(ring[(after + 1 + i) % RING_SIZE].endpoint, PM_EVENT_EXIT);
	take_all(&knowledge);
	count = condense_events(ring, RING_SIZE, after, count);
	assert_int_equal(count, 2 * circle + 2);
	take_all(&few);
	assert_same_knowledge(&few, &knowledge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(random_events_come_to_the_same),
	        cmocka_unit_test(who_comes_and_goes_leaves_nothing),
	        cmocka_unit_test(a_chain_of_forks_leaves_its_end),
	        cmocka_unit_test(no_more_than_is_said_are_left),
	        cmocka_unit_test(one_stands_in_for_a_whole_circle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
