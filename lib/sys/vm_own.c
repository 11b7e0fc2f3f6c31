/* SPDX-License-Identifier: MIT */
#include <granite/abi/layout.h>
#include <granite/vm.h>

#include "grant_table.h"

#define STACK_BYTES (4 * PAGE_SIZE) /* more than any server uses */

extern const char _end[]; /* of the program's data */

static vir_bytes page_of(vir_bytes address)
{
	return address & -PAGE_SIZE;
}

static int populate(vir_bytes start, vir_bytes end)
{
	return start < end ? vm_populate(start, end - start) : OK;
}

/* The pages of [start, end), but not those that only more grants would touch. */
static int populate_data(vir_bytes start, vir_bytes end)
{
	vir_bytes hole, hole_end;
	int result;

	grant_table_rest(&hole, &hole_end);
	result = populate(start, hole < end ? hole : end);
	return result == OK ? populate(hole_end > start ? hole_end : start, end) : result;
}

int vm_own_memory(void)
{
	struct vm_region_rep region = {.end = PROC_MIN_ADDRESS};
	vir_bytes end = page_of((vir_bytes)(uintptr_t)_end + PAGE_SIZE - 1);
	vir_bytes stack = page_of((vir_bytes)(uintptr_t)&region);
	int result = populate(stack - STACK_BYTES, stack);

	while (result == OK && region.end < end) {
		result = vm_region(SELF, region.end, &region);
		if (result == OK && region.prot & VM_PROT_WRITE)
			result = populate_data(region.start, region.end < end ? region.end : end);
	}
	return result;
}
