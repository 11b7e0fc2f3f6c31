/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <granite/sys.h>

#include "bridge.h"

/* What follows the arguments and the environment on a new program's stack (System V ABI, i386, figure 3-31).
 */
static Elf32_auxv_t *auxiliary_vector(uint32_t *stack)
{
	uint32_t *word = stack + 1 + stack[0] + 1; /* argc, arguments, 0 */

	while (*word++)
		;
	return (Elf32_auxv_t *)word;
}

/*
 * The first code of the program. PM leaves a place in AT_SYSINFO; the C library calls whatever address it
 * finds there for its system calls.
 */
void bridge_start(uint32_t *stack)
{
	Elf32_auxv_t *entry = auxiliary_vector(stack);

	if (sys_bridge(granite_bridge_entry, granite_bridge_upcall, &granite_bridge_control) != OK)
		bridge_die();
	for (; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == AT_SYSINFO)
			entry->a_un.a_val = (uint32_t)(uintptr_t)granite_bridge_entry;
}
