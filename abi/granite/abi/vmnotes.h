/* SPDX-License-Identifier: MIT */
/*
 * VM's notes to the kernel. VM edits page tables by plain stores and notes what else must happen
 * before anybody but VM runs; the kernel carries the notes out, in order, whenever it leaves VM
 * for another process, and on VMCTL_APPLY. VM writes a note before the table entry that depends on
 * it: it may be interrupted between the two.
 */
#ifndef GRANITE_ABI_VMNOTES_H
#define GRANITE_ABI_VMNOTES_H

#include <granite/abi/grant.h>
#include <granite/abi/types.h>

enum vm_note_op {
	NOTE_ZERO = 1,   /* fill a frame with zeros, from a up to its end */
	NOTE_COPY,       /* copy frame a to frame b */
	NOTE_INVAL_PAGE, /* in directory a: forget the translation of process address b */
	NOTE_INVAL_ALL,  /* in directory a: forget all translations of the process */
};

struct vm_note {
	uint32_t op;   /* enum vm_note_op */
	uint32_t a, b; /* page-aligned, but for NOTE_ZERO; physical addresses, but for NOTE_INVAL_PAGE's b */
};

#define VM_NOTES_MAX 16

/* The chain of grants by which a VM_LEND was judged: from the grant that was named to the memory's owner. */
struct vm_chain {
	uint32_t depth;
	struct grant_link link[GRANT_DEPTH_MAX];
};

struct vm_notes {
	uint32_t count; /* VM counts up, the kernel sets it back to 0 */
	struct vm_note note[VM_NOTES_MAX];
	struct vm_chain chain; /* written by the kernel when VM gets a VM_LEND */
	/* VM counts, the kernel tells: GET_COUNTERS. */
	uint64_t shared_pages, lent_pages, unlent_pages;
};

#endif
