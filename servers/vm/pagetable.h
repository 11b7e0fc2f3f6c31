/* SPDX-License-Identifier: MIT */
/*
 * A process's page directory and page tables (Intel SDM vol. 3A, 4.3), as pages of the pool. They are changed
 * by plain stores; the processor learns of it by notes. Addresses are the process's own, page-aligned.
 *
 * An entry is 0: nothing here yet; or it holds a reference to a frame. Then it is present, unless the
 * region's rights are none at all: the frame waits in an entry that is not present, out of the reach of the
 * kernel's copies too. A present entry without PTE_WRITE in a writable region means copy on write, but with
 * PTE_LENT it is written to where it is.
 */
#ifndef VM_PAGETABLE_H
#define VM_PAGETABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <granite/abi/layout.h>
#include <granite/abi/types.h>

#define PTE_PRESENT       0x001u
#define PTE_WRITE         0x002u
#define PTE_USER          0x004u
#define PTE_BIG           0x080u
#define PTE_GLOBAL        0x100u
#define PTE_NO_CACHE      0x010u
#define PTE_DEVICE        0x400u /* ours: no frame of VM's, nothing is counted */
#define PTE_LENT          0x200u /* ours: the frame is another's, who has lent it */
#define PTE_PAID          0x800u /* ours: came to share the frame copy-on-write by a promise (frames.h) */
#define PTE_FRAME         0xfffff000u

#define DIRECTORY_ENTRIES (PAGE_SIZE / sizeof(uint32_t))

/* The directory's slots for a process's own memory. */
#define PROC_SLOT_FIRST (PROC_BASE >> BIG_PAGE_SHIFT)
#define PROC_SLOT_END   (PROC_SLOT_FIRST + (PROC_SIZE >> BIG_PAGE_SHIFT))

struct pagetable {
	uint32_t *directory;
	uint32_t pages; /* of the pool, the directory's too */
};

/* Builds the directory of no process: the identity map up to region_end, which all directories have. Once. */
void pagetable_init(phys_bytes region_end);
phys_bytes pagetable_kernel_only(void);

/* -ENOMEM: the pool is empty. */
int pagetable_create(struct pagetable *pt);

/*
 * The end, when the kernel has left the directory: first the tables of all ranges in use are freed, whose
 * entries are 0, then the directory.
 */
void pagetable_free_tables(struct pagetable *pt, vir_bytes start, vir_bytes end);
void pagetable_destroy(struct pagetable *pt);

phys_bytes pagetable_physical(const struct pagetable *pt);

/* The entry of `address`; NULL: there is no table for it yet. */
uint32_t *pagetable_find(const struct pagetable *pt, vir_bytes address);

/* The same, with a new table if need be; NULL: the pool, or the process's share of it, is used up. */
uint32_t *pagetable_make(struct pagetable *pt, vir_bytes address);

/* Tables that a range lacks, and whether the process may have so many more now. */
uint32_t pagetable_missing(const struct pagetable *pt, vir_bytes start, vir_bytes end);
bool pagetable_may_grow(const struct pagetable *pt, uint32_t tables);

/* Frees the table of `address`, if there is one, and its entries are 0, from under a running process. */
void pagetable_drop(struct pagetable *pt, vir_bytes address);

/* The one place where entries change: as single stores, in the program's order. */
static inline void pagetable_set(uint32_t *entry, uint32_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* Called for each entry that is not 0; another result than OK ends the walk and is its result. */
typedef int pagetable_visitor(void *context, vir_bytes address, uint32_t *entry);
int pagetable_each(const struct pagetable *pt, vir_bytes start, vir_bytes end, pagetable_visitor *visit,
                   void *context);

/* Collects translations to be forgotten: a few one by one, and if there are more, all of the process's. */
struct flush {
	phys_bytes directory;
	uint32_t pages;
};
void flush_page(struct flush *flush, vir_bytes address);
void flush_end(const struct flush *flush);

static inline uint32_t pagetable_slot(vir_bytes address)
{
	return PROC_SLOT_FIRST + (address >> BIG_PAGE_SHIFT);
}

static inline uint32_t pagetable_index(vir_bytes address)
{
	return (address >> PAGE_SHIFT) % DIRECTORY_ENTRIES;
}

#endif
