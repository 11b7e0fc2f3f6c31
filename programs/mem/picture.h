/* SPDX-License-Identifier: MIT */
/* A picture of physical memory: a character for each equal piece of it. Pure code. */
#ifndef MEM_PICTURE_H
#define MEM_PICTURE_H

#include <stdint.h>
#include <stdio.h>

#include "frames.h"

#define PICTURE_COLUMNS 64 /* where there is room; a power of two, so that rows begin at round numbers */
#define PICTURE_LEAST   8
#define PICTURE_ROWS    16  /* at most */
#define PICTURE_OTHERS  '*' /* processes for which no letter is left */

/* How many characters a row has where lines may be so wide. */
uint32_t picture_columns(int width);

/* How many frames a character must stand for, so that all of them fit; a power of two. */
uint32_t picture_scale(const struct frames *frames, uint32_t columns);

/*
 * Who the piece of `scale` frames from number `first` on is shown as: whoever has most of it; what is free
 * counts only where nobody has anything.
 */
uint32_t picture_owner(const struct frames *frames, uint32_t first, uint32_t scale);

/*
 * The characters that stand for the owners: fixed ones, and for each process, named by names[], a small
 * letter that no other has, one of its name if that can be.
 */
void picture_letters(char *letters, const char *const *names, uint32_t nr_processes);

/* The sequence that sets an owner's colour on a terminal, "" if it has none. */
const char *picture_colour(uint32_t owner);

/* Draws it from frame number `first` on. */
struct picture {
	const struct frames *frames;
	const char *letters;
	uint32_t scale, columns;
	int coloured;
};
void picture_print(FILE *out, const struct picture *picture, uint32_t first);

#endif
