/* SPDX-License-Identifier: MIT */
/* The kernel's own symbol table, made by the build from the linked kernel. */
#ifndef KERNEL_SYMBOLS_H
#define KERNEL_SYMBOLS_H

struct kernel_symbol {
	unsigned address;
	const char *name;
};

extern const struct kernel_symbol kernel_symbols[]; /* ascending */
extern const unsigned kernel_symbol_count;

/* The function that contains `address`; *offset: how far into it. NULL: none does. */
const char *symbol_find(unsigned address, unsigned *offset);

#endif
