/* SPDX-License-Identifier: MIT */
/*
 * A small process's memory beyond its image: the arena, SMALL_ARENA_SIZE bytes of its segment. The break
 * grows in it from below, mappings are taken from above.
 */
#ifndef SMALL_ARENA_H
#define SMALL_ARENA_H

#include <stdint.h>

/* `start` is the arena's first byte, on a page. Comes before all else. */
void arena_init(uint32_t start);

/* Moves the break, if that is possible, and returns it. */
uint32_t arena_brk(uint32_t address);

/* Takes `bytes`, rounded up to pages, and fills them with zeros: the address, or -ENOMEM, -EINVAL (no bytes).
 */
int32_t arena_map(uint32_t bytes);

/* Gives them back. -EINVAL: not whole pages of the arena. */
int32_t arena_unmap(uint32_t address, uint32_t bytes);

#endif
