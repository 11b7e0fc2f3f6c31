/* SPDX-License-Identifier: MIT */
/* The machine's memory as a whole: how VM takes charge of it, and what is kept in reserve. */
#ifndef VM_MEMORY_H
#define VM_MEMORY_H

#include <granite/abi/info.h>

/* Takes charge of all memory that *info tells of. `pool` is where VM sees info->pool_start. */
void memory_init(const struct boot_info *info, void *pool);

/*
 * Some frames and pool pages are kept back for processes that the system can't do without: others get -ENOMEM
 * before the last ones are used up. One half is for services with PRIV_RESERVE; whatever makes these use it
 * up, the other half is RS's, for the system ends with it. VM keeps back less than all only while it serves
 * such a process.
 */
enum memory_reserve { RESERVE_NONE, RESERVE_FOR_RS, RESERVE_ALL };
void memory_keep_reserve(enum memory_reserve reserve);

/*
 * Sharing pages, as a fork does, takes no frames. But parent and child soon write to some, and the one that
 * gets no frame for its copy is killed. So with fewer frames left than this a fork is refused: that its
 * caller can be told.
 */
#define FORK_FRAMES 32

#endif
