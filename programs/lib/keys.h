/* SPDX-License-Identifier: MIT */
/*
 * What comes from a terminal in raw mode, byte by byte: keys, which are bytes, and escape sequences (ECMA-48,
 * 5.4), of which only the answer to KEYS_ASK_SIZE says something. Pure code.
 */
#ifndef PROGRAMS_LIB_KEYS_H
#define PROGRAMS_LIB_KEYS_H

#include <stdint.h>

/* Moves the cursor as far down and right as it goes, asks where it is, and moves it back. */
#define KEYS_ASK_SIZE "\0337\033[999;999H\033[6n\0338"

/* What keys_take says besides a key's byte. */
#define KEYS_NOTHING     (-1) /* more must come, or the sequence says nothing to us */
#define KEYS_SIZE        (-2) /* the terminal has told its size: rows and columns */

#define KEYS_NUMBERS_MAX 2

/* All zeros at first. */
struct keys {
	enum { KEYS_PLAIN, KEYS_ESCAPE, KEYS_SEQUENCE } state;
	unsigned numbers[KEYS_NUMBERS_MAX];
	unsigned count; /* of the numbers in the sequence so far */
	unsigned rows, columns;
};

/* Takes a byte. Returns a key, or KEYS_*. */
int keys_take(struct keys *keys, uint8_t byte);

#endif
