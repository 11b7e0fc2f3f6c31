/* SPDX-License-Identifier: MIT */
/* Switches the machine off. */
#include <granite/abi/sys.h>
#include <granite/pm.h>

#include "lib/usage.h"

#define ABOUT "switches the machine off"

static const struct usage usage = {"poweroff", "", ABOUT, "At once: it does not ask anybody first."};

int main(int argc, char **argv)
{
	usage_check(&usage, argc, argv, 0, 0);
	union pm_reboot_message call = {.req = {.how = ABORT_POWEROFF}};
	int result = pm_reboot_call(&call);
	fprintf(stderr, "poweroff: %s\n", strerror(-result));
	return 1;
}
