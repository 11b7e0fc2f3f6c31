/* SPDX-License-Identifier: MIT */
/* Arrays that grow. */
#ifndef PROGRAMS_LIB_GROW_H
#define PROGRAMS_LIB_GROW_H

#include <stdint.h>
#include <stdlib.h>

/*
 * Room for one more element of so many bytes in an array of `count`, which doubles when it is full: the
 * array, perhaps at another place, or NULL and it is as it was: there is no memory. An empty one is NULL.
 */
static inline void *grow(void *list, uint32_t count, size_t bytes)
{
	if (count && (count & (count - 1)))
		return list;
	return realloc(list, (count ? 2 * (size_t)count : 1) * bytes);
}

#endif
