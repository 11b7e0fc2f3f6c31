/* SPDX-License-Identifier: MIT */
/* Text broken into lines that fit. Pure code. */
#ifndef PROGRAMS_LIB_WRAP_H
#define PROGRAMS_LIB_WRAP_H

#include <stdio.h>

#define WRAP_LEAST  20   /* a narrower width counts as this */
#define WRAP_INDENT (-1) /* as an indent: under the line's second column, which two spaces precede */

/*
 * Prints a line of text that begins at `column`, up to its end or a line feed; where a word does not fit into
 * `width` columns it goes on in the next line, `indent` columns from the left. A text that fits is printed as
 * it is; in one that does not, several spaces after the second column's begin become one.
 */
void wrap_line(FILE *out, const char *text, int column, int indent, int width);

/* Prints all lines of a text. */
void wrap_text(FILE *out, const char *text, int indent, int width);

#endif
