/* SPDX-License-Identifier: MIT */
/*
 * lib/sys/journal.c, with a test looking on: before and after each word that is stored. What a transaction
 * stores otherwise (a record of the log, say) means nothing before such a word says so.
 */
#include <granite/journal.h>

#include "journal_hook.h"

void (*journal_hook)(void);

static void hooked_store(uint32_t *word, uint32_t value)
{
	if (journal_hook)
		journal_hook();
	journal_store(word, value);
	if (journal_hook)
		journal_hook();
}

#define journal_store hooked_store
#include "lib/sys/journal.c"
