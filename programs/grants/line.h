/* SPDX-License-Identifier: MIT */
/* A line of the picture: words on the left, columns on the right. Pure code. */
#ifndef GRANTS_LINE_H
#define GRANTS_LINE_H

#include <stdint.h>
#include <stdio.h>

#include "../lib/format.h"
#include "graph.h"

/* What the columns say. */
struct columns {
	uint64_t start, end; /* addresses; both 0: none */
	char size[FORMAT_MAX];
	uint32_t access; /* CPF_ACCESS */
};

struct columns columns_of_grant(const struct node *node);

/* Of a mapping: where it is in its holder. */
struct columns columns_of_mapping(const struct vm_lending *mapping);

/* The columns' titles, in a line as wide as the others. */
void line_title(FILE *out, int width);

/*
 * Prints `lead`, the words and the columns. Where the words need too much room the columns stand in a line of
 * their own, behind `follow`.
 */
void line_print(FILE *out, int width, const char *lead, const char *follow, const char *words,
                const struct columns *columns);

/* Prints words alone, behind `lead`; what does not fit goes on below them. */
void line_note(FILE *out, int width, const char *lead, const char *words);

#endif
