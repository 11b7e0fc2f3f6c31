/* SPDX-License-Identifier: MIT */
/* How every program of ours treats --help and a wrong number of arguments. */
#ifndef PROGRAMS_LIB_USAGE_H
#define PROGRAMS_LIB_USAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE_STATUS 2 /* the exit status after a wrong call */

/* Says how the program is called and ends it. */
static inline _Noreturn void usage_fail(const char *usage)
{
	fprintf(stderr, "usage: %s\n", usage);
	exit(USAGE_STATUS);
}

/* Answers --help, and ends a program that has not between `least` and `most` arguments. */
static inline void usage_check(int argc, char **argv, int least, int most, const char *usage,
                               const char *help)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		printf("usage: %s\n%s\n", usage, help);
		exit(0);
	}
	if (argc - 1 < least || argc - 1 > most)
		usage_fail(usage);
}

#endif
