/* SPDX-License-Identifier: MIT */
/* A service that says who it is as soon as it runs, where nobody else may overwrite it, and stays. */
#include <stdlib.h>
#include <granite/ds.h>
#include <granite/sys.h>

int main(int argc, char **argv)
{
	struct message m;
	int result;

	if (argc != 2)
		return EXIT_FAILURE;
	result = ds_publish_u32(argv[1], (uint32_t)sys_self(), DSF_OVERWRITE | DSF_PRIV_OVERWRITE);
	if (result != OK)
		result = ds_publish_u32("early.failed", (uint32_t)-result, DSF_OVERWRITE);
	for (;;)
		result = ipc_receive(ANY, &m, NULL);
}
