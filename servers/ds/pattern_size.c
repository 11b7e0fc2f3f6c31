/* SPDX-License-Identifier: MIT */
/*
 * Sizes are those of the position automaton (V. M. Glushkov, 1961), which only needs numbers here: positions
 * are all different, so the sizes of unions are sums.
 */
#include "pattern_size.h"

#define MANY 0xffffu /* as much as is counted: beyond all bounds */

const struct part part_nothing = {.empty = 1};

static uint32_t at_most_many(uint64_t number)
{
	return number < MANY ? (uint32_t)number : MANY;
}

static uint32_t sum(uint32_t a, uint32_t b)
{
	return at_most_many((uint64_t)a + b);
}

static uint32_t product(uint32_t a, uint32_t b)
{
	return at_most_many((uint64_t)a * b);
}

static struct part both(const struct part *a, const struct part *b)
{
	struct part part = {.positions = sum(a->positions, b->positions), .steps = sum(a->steps, b->steps)};

	part.lists = sum(a->lists, b->lists);
	return part;
}

static void count_lists(struct part *part)
{
	part->lists = sum(part->lists, sum(part->first, part->last));
}

/* The C library has a position for each member, in as many unions. */
struct part part_one_of(uint32_t members)
{
	return (struct part){.positions = members,
	                     .first = members,
	                     .last = members,
	                     .lists = product(members, members) + 1};
}

struct part part_concatenated(const struct part *a, const struct part *b)
{
	struct part part = both(a, b);

	part.steps = sum(part.steps, product(a->last, b->first));
	part.first = sum(a->first, a->empty ? b->first : 0);
	part.last = sum(b->last, b->empty ? a->last : 0);
	part.empty = a->empty && b->empty;
	count_lists(&part);
	return part;
}

struct part part_alternative(const struct part *a, const struct part *b)
{
	struct part part = both(a, b);

	part.first = sum(a->first, b->first);
	part.last = sum(a->last, b->last);
	part.empty = a->empty || b->empty;
	count_lists(&part);
	return part;
}

struct part part_looped(const struct part *a)
{
	struct part part = *a;

	part.steps = sum(part.steps, product(a->last, a->first));
	count_lists(&part);
	return part;
}

static struct part optional(const struct part *a)
{
	struct part part = *a;

	part.empty = 1;
	count_lists(&part);
	return part;
}

/* Written out as the C library does it: aa(a(a)?)?, or aa(a)*. */
struct part part_repeated(const struct part *a, int min, int max)
{
	struct part part = part_nothing, tail = part_nothing, more = part_looped(a);

	if (max < 0)
		tail = optional(&more);
	for (int i = min; i < max; i++) {
		more = part_concatenated(a, &tail);
		tail = optional(&more);
	}
	for (int i = 0; i < min; i++)
		part = part_concatenated(&part, a);
	return part_concatenated(&part, &tail);
}
