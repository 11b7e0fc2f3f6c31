/* SPDX-License-Identifier: MIT */
/* Fails. */
#include "lib/usage.h"

int main(int argc, char **argv)
{
	usage_check(argc, argv, 0, 0, "false", "Does nothing, and fails: exit status 1.");
	return 1;
}
