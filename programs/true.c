/* SPDX-License-Identifier: MIT */
/* Succeeds. */
#include "lib/usage.h"

int main(int argc, char **argv)
{
	usage_check(argc, argv, 0, 0, "true", "Does nothing, and succeeds: exit status 0.");
	return 0;
}
