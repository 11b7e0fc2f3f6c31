/* SPDX-License-Identifier: MIT */
/* A page is words; what is copied on the simulated machine are pieces of pages. */
#ifndef TESTS_PAGE_WORDS_H
#define TESTS_PAGE_WORDS_H

#include <granite/abi/layout.h>

#define WORD        4 /* bytes */
#define PAGE_WORDS  (PAGE_SIZE / WORD)
#define PIECE       1024 /* bytes */
#define PIECE_WORDS (PIECE / WORD)
#define PAGE_PIECES (PAGE_SIZE / PIECE)

#endif
