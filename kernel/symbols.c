/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <stddef.h>

const char *symbol_find(unsigned address, unsigned *offset)
{
	unsigned low = 0, high = kernel_symbol_count;

	/* Everything before `low` starts at or below the address, everything from `high` on above it. */
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (kernel_symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	*offset = address - kernel_symbols[low - 1].address;
	return kernel_symbols[low - 1].name;
}
