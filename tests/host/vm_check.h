/* SPDX-License-Identifier: MIT */
#ifndef TESTS_VM_CHECK_H
#define TESTS_VM_CHECK_H

/*
 * Checks everything that VM believes against everything else: regions, page tables, reference
 * counts, the free list and the account of all pages. NULL: all is well; otherwise what is
 * not. Called between requests; takes long.
 */
const char *vm_check(void);

#endif
