/* SPDX-License-Identifier: MIT */
/* A small process starts as an ordinary one does; only its bridge is another. */
#include "../start.c"

/* Nothing is opened or passed on. */
void bridge_take_descriptors(const void *passed_on)
{
	(void)passed_on;
}

void bridge_take_pid(int32_t pid)
{
	(void)pid;
}
