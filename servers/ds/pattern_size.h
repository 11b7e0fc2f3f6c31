/* SPDX-License-Identifier: MIT */
/* How large a part of a regular expression is, and what it is together with another. Pure; used by pattern.c.
 */
#ifndef DS_PATTERN_SIZE_H
#define DS_PATTERN_SIZE_H

#include <stdint.h>

/* Numbers are exact up to 65535, and stay there. */
struct part {
	uint32_t positions, steps, lists;
	uint32_t first, last; /* how many positions it may begin and end with */
	int empty;            /* it matches the empty string */
};

extern const struct part part_nothing; /* matches the empty string alone */

struct part part_one_of(uint32_t members); /* one position, that one of so many characters or ranges takes */
struct part part_concatenated(const struct part *a, const struct part *b);
struct part part_alternative(const struct part *a, const struct part *b);
struct part part_looped(const struct part *a); /* a+ */

/* a{min,max}; a max of -1 is no limit. */
struct part part_repeated(const struct part *a, int min, int max);

#endif
