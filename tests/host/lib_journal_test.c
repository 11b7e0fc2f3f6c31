/* SPDX-License-Identifier: MIT */
/* sanitizers: none */
/* links: lib/sys/journal.c tests/host/stepper.c */
/*
 * The journal. A child carries out random transactions instruction by instruction; after each instruction the
 * memory is copied, and recovered as a successor would, which is itself interrupted at times and begun again.
 * What is found must be a state that was committed: the last one, or from one point on the next. No
 * sanitizers: their instructions would be stepped through, too.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <granite/journal.h>
#include "seed.h"
#include "stepper.h"

#define RECORDS      64
#define WORDS        12
#define TRANSACTIONS 40
#define SEEDS        6

struct place {
	uint64_t number;
	struct place *next; /* a pointer is whole words, too */
};

/* What means something to a successor. */
struct content {
	uint32_t words[WORDS];
	struct place places[3];
};

struct kept {
	uint32_t used;
	struct journal_record records[RECORDS];
	struct content content;
};

static struct kept *kept;
static struct content states[TRANSACTIONS + 1]; /* states[n]: after n transactions */
static unsigned seed;
static uint32_t committed; /* by what has been seen so far */
static long seen;

static struct journal journal_of(struct kept *memory)
{
	return (struct journal){.memory = (uint8_t *)memory,
	                        .bytes = sizeof(*memory),
	                        .used = &memory->used,
	                        .records = memory->records,
	                        .size = RECORDS};
}

/* ---- Transactions ---- */

/* Its own generator: rand's instructions would be stepped through. */
static uint32_t below(uint32_t *random, uint32_t limit)
{
	*random = *random * 1664525u + 1013904223u;
	return (*random >> 16) % limit;
}

static void change_place(struct journal *journal, uint32_t *random)
{
	struct place *place = &kept->content.places[below(random, 3)];

	JOURNAL_SAVE(journal, *place);
	place->number += below(random, 1000);
	place->next = &kept->content.places[below(random, 3)];
}

static void change_words(struct journal *journal, uint32_t *random)
{
	uint32_t first = below(random, WORDS - 2);

	journal_save(journal, &kept->content.words[first], 3 * sizeof(uint32_t));
	for (uint32_t i = first; i < first + 3; i++)
		kept->content.words[i]++;
}

static void transact(struct journal *journal, uint32_t number)
{
	uint32_t random = seed + number, steps = 1 + below(&random, 6);

	for (uint32_t i = 0; i < steps; i++)
		switch (below(&random, 3)) {
		case 0:
			change_place(journal, &random);
			break;
		case 1:
			change_words(journal, &random);
			break;
		default:
			journal_set(journal, &kept->content.words[below(&random, WORDS)], random);
		}
	journal_commit(journal);
}

static void prepare(void)
{
}

static void act(void)
{
	struct journal journal = journal_of(kept);

	for (uint32_t i = 0; i < TRANSACTIONS; i++)
		transact(&journal, i);
}

static void act_and_remember(void)
{
	struct journal journal = journal_of(kept);

	for (uint32_t i = 0; i < TRANSACTIONS; i++) {
		states[i] = kept->content;
		transact(&journal, i);
	}
	states[TRANSACTIONS] = kept->content;
}

/* ---- A successor ---- */

/* The first `records` records from the end are gone through, and then it is killed. */
static void recover_in_part(struct kept *copy, uint32_t records)
{
	for (uint32_t i = copy->used; i-- > 0 && records > 0; records--)
		memcpy((uint8_t *)copy + copy->records[i].offset, &copy->records[i].old, sizeof(uint32_t));
}

static void look(long instructions, int returned)
{
	static struct kept copy, last;
	struct journal journal = journal_of(&copy);

	if (instructions && !returned && memcmp(kept, &last, sizeof(last)) == 0)
		return;
	seen++;
	copy = last = *kept;
	recover_in_part(&copy, (uint32_t)(instructions % (RECORDS / 4)));
	assert_int_equal(journal_recover(&journal), OK);
	assert_int_equal(copy.used, 0);
	if (memcmp(&copy.content, &states[committed], sizeof(copy.content)) != 0)
		committed++;
	assert_in_range(committed, 0, TRANSACTIONS);
	assert_memory_equal(&copy.content, &states[committed], sizeof(copy.content));
	if (returned)
		assert_int_equal(committed, TRANSACTIONS);
}

static void a_kill_at_any_instruction_leaves_whole_transactions(void **state)
{
	unsigned first = test_seed();

	(void)state;
	for (unsigned i = 0; i < SEEDS; i++) {
		seed = first + i;
		committed = 0;
		seen = 0;
		memset(kept, 0, sizeof(*kept));
		act_and_remember();
		memset(kept, 0, sizeof(*kept));
		stepper_run(prepare, act, look);
		assert_true(seen > 10 * TRANSACTIONS);
	}
}

static void what_can_not_be_a_log_is_refused(void **state)
{
	struct kept memory = {0}, before;
	struct journal journal = journal_of(&memory);

	(void)state;
	memory.content.words[0] = 1;
	journal_set(&journal, &memory.content.words[0], 2);
	before = memory;
	memory.used = RECORDS + 1;
	assert_int_equal(journal_recover(&journal), -EINVAL);
	memory = before;
	memory.records[0].offset = sizeof(memory);
	assert_int_equal(journal_recover(&journal), -EINVAL);
	memory.records[0].offset = 2;
	assert_int_equal(journal_recover(&journal), -EINVAL);
	assert_int_equal(memory.content.words[0], 2);
	memory = before;
	assert_true(journal_is_open(&journal));
	assert_int_equal(journal_recover(&journal), OK);
	assert_int_equal(memory.content.words[0], 1);
	assert_false(journal_is_open(&journal));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_kill_at_any_instruction_leaves_whole_transactions),
	        cmocka_unit_test(what_can_not_be_a_log_is_refused),
	};

	kept = (struct kept *)(void *)stepper_memory(sizeof(*kept));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
