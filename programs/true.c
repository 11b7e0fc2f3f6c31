/* SPDX-License-Identifier: MIT */
/* Succeeds. */
#include "lib/usage.h"

#define ABOUT "does nothing, and succeeds"

static const struct usage usage = {"true", "", ABOUT, "Its exit status is 0."};

int main(int argc, char **argv)
{
	usage_check(&usage, argc, argv, 0, 0);
	return 0;
}
