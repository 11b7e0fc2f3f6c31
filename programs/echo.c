/* SPDX-License-Identifier: MIT */
/* Prints its arguments. */
#include "lib/usage.h"

#define ABOUT "prints its arguments"

static const struct usage usage = {"echo", "[TEXT ...]", ABOUT, NULL};

int main(int argc, char **argv)
{
	if (argc == 2)
		usage_help(&usage, argc, argv);
	for (int i = 1; i < argc; i++)
		printf(i > 1 ? " %s" : "%s", argv[i]);
	putchar('\n');
	return 0;
}
