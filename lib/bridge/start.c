/* SPDX-License-Identifier: MIT */
/* What runs before the C library's own start code. */
#include <elf.h>
#include <granite/sys.h>

#include "bridge.h"

/* It lies behind the arguments and the environment (System V ABI, i386, figure 3-31). */
static Elf32_auxv_t *auxiliary_vector(uint32_t *stack)
{
	uint32_t *word = stack + 1 + stack[0] + 1; /* argc, arguments, 0 */

	while (*word++)
		;
	return (Elf32_auxv_t *)word;
}

/*
 * Tells the kernel where the bridge is, and the C library, which calls the address that it finds in
 * AT_SYSINFO for its system calls. PM has left a place for it.
 */
void bridge_start(uint32_t *stack)
{
	Elf32_auxv_t *entry = auxiliary_vector(stack);

	if (sys_bridge(granite_bridge_entry, granite_bridge_upcall, &granite_bridge_control) != OK)
		bridge_die();
	for (; entry->a_type != AT_NULL; entry++) {
		if (entry->a_type == AT_SYSINFO)
			entry->a_un.a_val = (uint32_t)(uintptr_t)granite_bridge_entry;
		if (entry->a_type == PM_AT_DESCRIPTORS)
			bridge_take_descriptors(user_pointer(entry->a_un.a_val));
		if (entry->a_type == PM_AT_PID)
			bridge_take_pid((int32_t)entry->a_un.a_val);
	}
}
