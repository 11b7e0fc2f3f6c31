/* SPDX-License-Identifier: MIT */
/*
 * A small process's memory beyond its image: the arena, SMALL_ARENA_SIZE bytes of its segment. The break
 * grows in it from below, mappings are taken from above.
 */
#ifndef SMALL_ARENA_H
#define SMALL_ARENA_H

#include <stdint.h>

/* Must be called first. `start` is the arena's first byte, on a page boundary. */
void arena_init(uint32_t start);

/* Moves the break to `address`, if that is possible, and returns where it is then. */
uint32_t arena_brk(uint32_t address);

/* Takes `bytes`, rounded up to pages, and zeroes them. Returns the address. -EINVAL: no bytes; -ENOMEM. */
int32_t arena_map(uint32_t bytes);

/*
 * Gives pages back, also those that were not taken. OK, or -EINVAL:
 * the range is not one of pages of the arena.
 */
int32_t arena_unmap(uint32_t address, uint32_t bytes);

#endif
