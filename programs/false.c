/* SPDX-License-Identifier: MIT */
/* Fails. */
#include "lib/usage.h"

#define ABOUT "does nothing, and fails"

static const struct usage usage = {"false", "", ABOUT, "Its exit status is 1."};

int main(int argc, char **argv)
{
	usage_check(&usage, argc, argv, 0, 0);
	return 1;
}
