/* SPDX-License-Identifier: MIT */
/* Switches the machine off. */
#include <granite/abi/sys.h>
#include <granite/pm.h>

#include "lib/usage.h"

int main(int argc, char **argv)
{
	usage_check(argc, argv, 0, 0, "poweroff", "Switches the machine off.");
	union pm_reboot_message call = {.req = {.how = ABORT_POWEROFF}};
	int result = pm_reboot_call(&call);
	fprintf(stderr, "poweroff: %s\n", strerror(-result));
	return 1;
}
