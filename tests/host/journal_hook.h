/* SPDX-License-Identifier: MIT */
/* Who is called around each word that journal_hooked.c stores. */
#ifndef TESTS_JOURNAL_HOOK_H
#define TESTS_JOURNAL_HOOK_H

extern void (*journal_hook)(void);

#endif
