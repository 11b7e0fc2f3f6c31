/* SPDX-License-Identifier: MIT */
/*
 * Transactions on memory that outlives its process (vm_keep), by an undo log. The words that a transaction
 * changes are noted with their old values first; whoever finds the memory again takes back what was not
 * committed. There is one transaction at a time: it begins with the first word noted.
 *
 *     journal_set(&journal, &thing->word, 5);          notes the word and changes it, or
 *     JOURNAL_SAVE(&journal, thing->place);            notes the object, which is then changed as one likes
 *     journal_commit(&journal);
 *
 * What says nothing before the commit, free space say, may be written to without being noted.
 */
#ifndef GRANITE_JOURNAL_H
#define GRANITE_JOURNAL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <granite/abi/types.h>

/* A word's old value. */
struct journal_record {
	uint32_t offset; /* of the word, within the memory */
	uint32_t old;
};

/* A journal as its process sees it: nothing of this is kept. */
struct journal {
	uint8_t *memory; /* what is kept, with the log in it; on a boundary of 4 bytes */
	uint32_t bytes;
	uint32_t *used;                 /* kept: how many records there are; 0: no transaction is under way */
	struct journal_record *records; /* kept: `size` of them */
	uint32_t size;
};

/* What stands before it is stored before what stands behind it: the compiler moves no store across. */
static inline void journal_barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

/* At one stroke. */
static inline void journal_store(uint32_t *word, uint32_t value)
{
	*(volatile uint32_t *)word = value;
}

/* Notes an object of whole words, at a boundary of a word. There must be room in the log. */
void journal_save(struct journal *journal, const void *object, size_t bytes);

#define JOURNAL_SAVE(journal, object)                                                        \
	do {                                                                                 \
		_Static_assert(sizeof(object) % sizeof(uint32_t) == 0, "it is whole words"); \
		journal_save(journal, &(object), sizeof(object));                            \
	} while (0)

/* Notes the word, and stores the value. */
void journal_set(struct journal *journal, uint32_t *word, uint32_t value);

/* Whether something was noted since the last commit. */
static inline int journal_is_open(const struct journal *journal)
{
	return *journal->used != 0;
}

/* All of the transaction is done from here on. */
void journal_commit(struct journal *journal);

/* Takes back what was not committed. EINVAL: what is there can't be a log; nothing was changed. */
GRANITE_MUST_CHECK int journal_recover(struct journal *journal);

#endif
