/* SPDX-License-Identifier: MIT */
#ifndef VM_MEMORY_H
#define VM_MEMORY_H

#include <stdbool.h>

#include <granite/abi/info.h>

/* Takes charge of all memory that *info tells of. `pool` is where VM sees info->pool_start. */
void memory_init(const struct boot_info *info, void *pool);

/*
 * Some frames and pool pages are kept back for whom the system can't live without: others get -ENOMEM before
 * they are used up. So it is but while VM serves such a process.
 */
void memory_keep_reserve(bool keep);

/*
 * To share pages takes no frame, but parent and child soon write to some of them, and who gets no copy then
 * is killed. With fewer frames left than this a fork is refused, while there is still somebody to be told.
 */
#define FORK_FRAMES 32

#endif
