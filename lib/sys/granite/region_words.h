/* SPDX-License-Identifier: MIT */
/* What a region of memory is, in words. Pure code. */
#ifndef GRANITE_REGION_WORDS_H
#define GRANITE_REGION_WORDS_H

#include <granite/abi/vm.h>

#define REGION_WORDS_MAX 80

/*
 * `before` is the region before it, or NULL: what follows a program's data at once is data too, zeros at
 * first. `file` is the name of the archive's file that its first page is from, or NULL.
 */
const char *region_words(const struct vm_region_rep *region, const struct vm_region_rep *before,
                         const char *file, char text[REGION_WORDS_MAX]);

/* rwx, with - for what is not allowed. */
const char *region_rights(uint32_t prot, char text[4]);

#endif
