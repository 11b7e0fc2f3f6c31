/* SPDX-License-Identifier: MIT */
/* Who is called around each word that ds_hooked_tx.c stores. */
#ifndef TESTS_DS_HOOK_H
#define TESTS_DS_HOOK_H

extern void (*ds_hook)(void);

#endif
