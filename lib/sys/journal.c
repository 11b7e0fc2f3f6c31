/* SPDX-License-Identifier: MIT */
/*
 * The undo log: see <granite/journal.h>.
 *
 *     saving:     records[n] = {where, old value}   |   used = n + 1   |   the word may change
 *     commit:     used = 0
 *     recovery:   records[n - 1] ... records[0]: the word = old value   |   used = 0
 *
 * At each | everything before it has been stored before anything after it. A kill between any two
 * instructions finds either used == 0, and all words are as the last commit left them; or used == n, and the
 * first n records name every word that may differ. Going back through them is the same done once, twice, or
 * in part and then again; a word that was noted twice gets its oldest value last. There is one processor,
 * which sees its own stores in order, so only the compiler has to be kept from moving them.
 */
#include <assert.h>
#include <errno.h>
#include <granite/journal.h>

static void note(struct journal *journal, const uint32_t *word)
{
	uint32_t used = *journal->used;
	struct journal_record *record = &journal->records[used];

	assert(used < journal->size);
	record->offset = (uint32_t)((const uint8_t *)word - journal->memory);
	record->old = *word;
	journal_barrier();
	journal_store(journal->used, used + 1);
	journal_barrier();
}

void journal_save(struct journal *journal, const void *object, size_t bytes)
{
	const uint32_t *words = object;

	assert((const uint8_t *)object >= journal->memory &&
	       bytes <= journal->bytes - (size_t)((const uint8_t *)object - journal->memory));
	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		note(journal, &words[i]);
}

void journal_set(struct journal *journal, uint32_t *word, uint32_t value)
{
	note(journal, word);
	journal_store(word, value);
}

void journal_commit(struct journal *journal)
{
	journal_barrier();
	journal_store(journal->used, 0);
	journal_barrier();
}

static int is_sound(const struct journal *journal)
{
	uint32_t used = *journal->used;

	if (used > journal->size)
		return 0;
	for (uint32_t i = 0; i < used; i++)
		if (journal->records[i].offset > journal->bytes - sizeof(uint32_t) ||
		    journal->records[i].offset % sizeof(uint32_t))
			return 0;
	return 1;
}

int journal_recover(struct journal *journal)
{
	if (!is_sound(journal))
		return -EINVAL;
	for (uint32_t i = *journal->used; i-- > 0;)
		journal_store((uint32_t *)(void *)(journal->memory + journal->records[i].offset),
		              journal->records[i].old);
	journal_commit(journal);
	return OK;
}
