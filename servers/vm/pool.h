/* SPDX-License-Identifier: MIT */
/*
 * The pool: the pages at the end of VM's own segment, which the identity map reaches too. Page tables must
 * live here, so that VM edits them by plain stores; so do VM's own records, each in a page of its own.
 */
#ifndef VM_POOL_H
#define VM_POOL_H

#include <granite/abi/types.h>

enum pool_use {
	POOL_TABLES, /* directories and page tables of processes */
	POOL_OWN,    /* VM's records */
	POOL_USES,
};

/* The pool is `pages` pages from *base on, at `physical`. */
void pool_init(void *base, phys_bytes physical, uint32_t pages);

/* A page of zeros; NULL: there is none. */
void *pool_allocate(enum pool_use use);

/*
 * Gives a page back. The owner has filled it with zeros again: it knows best how little there is to clear.
 * The page may be a table that the processor still has in its caches. It is not handed out again before all
 * notes made so far are carried out; so note first what makes the processor forget it.
 */
void pool_free(void *page, enum pool_use use);

uint32_t pool_pages(void);     /* in all */
uint32_t pool_unused(void);    /* of these, free */
uint32_t pool_available(void); /* of these, more than what is kept in reserve (memory.h) */
void pool_keep(uint32_t pages);
uint32_t pool_used(enum pool_use use);

phys_bytes pool_physical(const void *page);
void *pool_pointer(phys_bytes physical);

#endif
