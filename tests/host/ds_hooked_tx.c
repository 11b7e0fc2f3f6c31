/* SPDX-License-Identifier: MIT */
/*
 * servers/ds/tx.c, with a test looking on: before and after each word that is stored. What a transaction
 * stores otherwise (a record of the log, the inside of a new block) means nothing before such a word says so.
 */
#include "servers/ds/store_core.h"

#include "ds_hook.h"

void (*ds_hook)(void);

static void hooked_store_word(uint32_t *word, uint32_t value)
{
	if (ds_hook)
		ds_hook();
	store_word(word, value);
	if (ds_hook)
		ds_hook();
}

#define store_word hooked_store_word
#include "servers/ds/tx.c"
