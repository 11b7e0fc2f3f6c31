/* SPDX-License-Identifier: MIT */
/* How long each chain is, and what is left of the memory and the rights at its end. Pure code. */
#ifndef GRANTS_REACH_H
#define GRANTS_REACH_H

#include "graph.h"

/*
 * Goes from the roots to the leaves of a graph whose nodes know what they stand on. Sets chain, depth, reach,
 * first and next; makes roots of what forms a ring and of what is deeper than can be. Returns 0, or -1: no
 * memory.
 */
int reach_measure(struct graph *graph);

#endif
