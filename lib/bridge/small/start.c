/* SPDX-License-Identifier: MIT */
/* A small process starts as an ordinary one does; only its bridge is another. */
#include "../start.c"

int bridge_introduce(void)
{
	return sys_bridge(granite_bridge_entry, granite_bridge_upcall, &granite_bridge_control);
}

/* Nothing is opened or passed on. */
void bridge_take_descriptors(const void *passed_on)
{
	(void)passed_on;
}

void bridge_take_pid(int32_t pid)
{
	(void)pid;
}
