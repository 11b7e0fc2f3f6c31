/* SPDX-License-Identifier: MIT */
/* The smallest program. */
#include "lib/usage.h"

#define ABOUT "says hello"

static const struct usage usage = {"hello", "", ABOUT,
                                   "Its source is the one to begin with: programs/hello.c."};

int main(int argc, char **argv)
{
	usage_check(&usage, argc, argv, 0, 0);
	puts("Hello from Granite!");
	return 0;
}
