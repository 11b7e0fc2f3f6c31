/* SPDX-License-Identifier: MIT */
/*
 * Looks at the text of a regular expression before regcomp() does: whether POSIX says what it means, how much
 * time and memory it may need, and what every key must begin with that it matches. Pure.
 */
#ifndef DS_PATTERN_H
#define DS_PATTERN_H

#include <granite/abi/ds.h>

/*
 * The bounds. A position is a place in the expression that stands for one character, with repetitions written
 * out; a step leads from one position to one that may follow. The C library's automaton has a state for each
 * position and a transition for each step; matching costs up to the number of steps for each character. While
 * it is made each part has lists of the positions it may begin and end with: `lists` is the sum of their
 * lengths.
 *
 * `cost` is what comparing a key with it may cost, in time, and is what subscriptions together are bounded
 * by: all that the automaton can do for one character, and what it takes to begin. It is 0 for a pattern that
 * its prefix tells all of.
 */
#define PATTERN_POSITIONS 256
#define PATTERN_STEPS     512
#define PATTERN_LISTS     8192
#define PATTERN_BEGIN     4   /* of the cost: what it takes to begin */
#define PATTERN_DEPTH     16  /* of parentheses */
#define PATTERN_REPEAT    255 /* RE_DUP_MAX */

struct pattern_shape {
	char prefix[DS_PATTERN_MAX + 1]; /* what every key begins with */
	uint32_t prefix_length;
	int literal; /* it matches the prefix, and nothing else */
	int open;    /* it matches all that begins with the prefix: `eth\..*` */
	uint32_t positions, steps, lists, cost;
};

/* -EINVAL: POSIX does not say what it means; -E2BIG: beyond a bound, or longer than DS_PATTERN_MAX. */
GRANITE_MUST_CHECK int pattern_judge(const char *text, uint32_t length, struct pattern_shape *shape);

#endif
