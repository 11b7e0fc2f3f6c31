/* SPDX-License-Identifier: MIT */
/* The seed of a random test: printed, so that SEED=n in the environment runs the same test again. */
#ifndef TESTS_SEED_H
#define TESTS_SEED_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline unsigned test_seed(void)
{
	const char *given = getenv("SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);

	printf("SEED=%u\n", seed);
	return seed;
}

#endif
