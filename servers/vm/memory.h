/* SPDX-License-Identifier: MIT */
/* The machine's memory as a whole: how VM takes charge of it, and what is kept in reserve. */
#ifndef VM_MEMORY_H
#define VM_MEMORY_H

#include <stdbool.h>

#include <granite/abi/info.h>

/* Takes charge of all memory that *info tells of. `pool` is where VM sees info->pool_start. */
void memory_init(const struct boot_info *info, void *pool);

/*
 * Some frames and pool pages are kept back for processes that the system can't do without: others get -ENOMEM
 * before the last ones are used up. One part is for services with PRIV_RESERVE, and for their start; whatever
 * makes these use it up, another part is RS's, for the system ends with it.
 *
 * The services' part is enough for one start. But several may be dead at the same time, while others use up
 * whatever these have given back. So that is set aside, and kept back too, until services, or RS, have taken
 * as much: a successor finds what its predecessor has had.
 *
 * VM opens the reserve while it serves such a process, and keeps back only `reserve`. What is taken meanwhile
 * is no more set aside, and what is given back is.
 */
enum memory_reserve { RESERVE_NONE, RESERVE_FOR_RS, RESERVE_ALL };
void memory_open(enum memory_reserve reserve);
void memory_close(void);

/* Whether anything is set aside: then it is to be taken first. */
bool memory_is_set_aside(void);

/*
 * Sharing pages, as a fork does, takes no frames. But parent and child soon write to some, and the one that
 * gets no frame for its copy is killed. So with fewer frames left than this a fork is refused: that its
 * caller can be told.
 */
#define FORK_FRAMES 32

#endif
