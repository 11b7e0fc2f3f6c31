/* SPDX-License-Identifier: MIT */
/* Grants and mappings as a tree with columns. Pure code. */
#ifndef GRANTS_PICTURE_H
#define GRANTS_PICTURE_H

#include <stdio.h>

#include "graph.h"

struct picture {
	FILE *out;
	const struct graph *graph;
	const struct found *found;
	const struct processes *all; /* in the order in which they are shown */
	int width;                   /* of a line at the most */
};

/* Everything, by who gave it, and a summary. */
void picture_everything(const struct picture *picture);

/* What one process gives, was given, and maps. */
void picture_process(const struct picture *picture, const struct process *process);

/* A paragraph. */
void picture_say(const struct picture *picture, const char *text);

#endif
