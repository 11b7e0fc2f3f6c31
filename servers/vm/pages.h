/* SPDX-License-Identifier: MIT */
/* Which page frames belong to whom: what vm_pages tells, in lists of bounded length. */
#ifndef VM_PAGES_H
#define VM_PAGES_H

#include "space.h"

/* Filled up to `limit`; `next` is where a list that goes on would start, or 0: nothing is left. */
struct page_list {
	uint32_t limit; /* 1 .. VM_PAGES_AT_ONCE */
	uint32_t count;
	uint32_t next;
	struct vm_page page[VM_PAGES_AT_ONCE];
};

/* The pages of the address space from the address `from` on, in ascending order. */
void pages_of_memory(const struct space *space, vir_bytes from, struct page_list *list);

/* The pool's pages for the space, from a position on: its record, directory, names, regions and page tables.
 */
void pages_of_tables(const struct space *space, uint32_t from, struct page_list *list);

/* What all estates have (kept.h), from a position on. */
void pages_of_estates(uint32_t from, struct page_list *list);

/*
 * What the pool holds for no process: the table of frames, the directory of no process, and what it holds for
 * estates.
 */
void pages_of_vm(uint32_t from, struct page_list *list);

#endif
