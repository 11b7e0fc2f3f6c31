/* SPDX-License-Identifier: MIT */
/* Of each page four words are looked at. */
#ifndef TESTS_PAGE_WORDS_H
#define TESTS_PAGE_WORDS_H

#define PAGE_WORDS  4
#define WORD_STRIDE 1024 /* where they are in the page */

#endif
