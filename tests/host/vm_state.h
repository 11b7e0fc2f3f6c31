/* SPDX-License-Identifier: MIT */
#ifndef TESTS_VM_STATE_H
#define TESTS_VM_STATE_H

#include <stdint.h>

/*
 * A number for all that VM knows of the processes' memory: their regions, page tables and lendings, and how
 * much there is of everything. It differs if anything of it does.
 */
uint64_t vm_state(void);

#endif
