/* SPDX-License-Identifier: MIT */
/* Brings text on a screen that holds an older text, without a moment in which it is empty. Pure code. */
#ifndef PROGRAMS_LIB_SCREEN_H
#define PROGRAMS_LIB_SCREEN_H

#include <stdio.h>

/*
 * Writes to `out` what puts the lines of `text` on a screen of that size, from its top on: each is cut at the
 * last column, and what stood behind and below it goes. Escape sequences in it take no columns; a line that
 * is cut ends with all attributes off.
 */
void screen_draw(FILE *out, const char *text, unsigned rows, unsigned columns);

#endif
