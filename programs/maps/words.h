/* SPDX-License-Identifier: MIT */
/* What a region of memory is, in words. Pure code. */
#ifndef MAPS_WORDS_H
#define MAPS_WORDS_H

#include <granite/abi/vm.h>

#include "../lib/archive.h"

#define WORDS_MAX 80

/* `before` is the region before it, or NULL: what follows a program's data at once is data too, zeros at
 * first. */
const char *region_words(const struct vm_region_rep *region, const struct vm_region_rep *before,
                         const struct archive *archive, char text[WORDS_MAX]);

/* rwx, with - for what is not allowed. */
const char *region_rights(uint32_t prot, char text[4]);

#endif
