/* SPDX-License-Identifier: MIT */
/*
 * One plan of linear addresses for every page directory:
 *
 *   from 0             the kernel region: physical memory, identity-mapped. It holds the kernel, the small
 *                      processes and the pool of page tables.
 *   from WINDOW_BASE   the kernel's windows: WINDOW_COUNT page-directory slots
 *   from PROC_BASE     the loaded process: its address 0 is linear PROC_BASE, its limit PROC_SIZE
 */
#ifndef GRANITE_ABI_LAYOUT_H
#define GRANITE_ABI_LAYOUT_H

#define PAGE_SIZE      0x1000u
#define PAGE_SHIFT     12
#define BIG_PAGE_SIZE  0x400000u /* what one page-directory entry covers */
#define BIG_PAGE_SHIFT 22

#define PROC_BASE      0x10000000u /* 256 MiB */
#define PROC_SIZE      0xC0000000u /* 3 GiB, as on Linux/i386 */
#define WINDOW_COUNT   16
#define WINDOW_BASE    (PROC_BASE - WINDOW_COUNT * BIG_PAGE_SIZE)
#define KERNEL_MAX     WINDOW_BASE /* the identity map ends here at the latest */

/* Addresses within a process, as Linux/i386 lays them out. */
#define PROC_MIN_ADDRESS 0x10000u  /* nothing is mapped below, so that null pointers fault */
#define STACK_TOP        PROC_SIZE /* the main stack ends here and grows down */
#define STACK_SIZE_MAX   0x800000u /* 8 MiB */
#define STACK_GUARD      0x100000u /* at least so many bytes below it stay free */

/* Kept memory (vm_keep): page tables of its own, above all that mmap and brk give. */
#define KEPT_SIZE 0x20000000u /* 512 MiB */
#define KEPT_END  ((STACK_TOP - STACK_SIZE_MAX - STACK_GUARD) & ~(BIG_PAGE_SIZE - 1))
#define KEPT_BASE (KEPT_END - KEPT_SIZE)
#define MMAP_TOP  KEPT_BASE /* mmap searches downwards from here */

/*
 * The segment of a small process: its image from SMALL_IMAGE_BASE, then the arena (for brk and mmap), then
 * the stack. In VM the pool of page tables follows.
 */
#define SMALL_IMAGE_BASE 0x1000u
#define SMALL_ARENA_SIZE 0x20000u
#define SMALL_STACK_SIZE 0x8000u

/*
 * Places in the descriptor table: code and data of the running process (RPL 3,
 * for a small one RPL 1), and its TLS slots.
 */
#define USER_CS_INDEX 14
#define USER_DS_INDEX 15
#define TLS_INDEX_MIN 6
#define TLS_SLOTS     3

#endif
