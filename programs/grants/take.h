/* SPDX-License-Identifier: MIT */
/* Asks the kernel and VM for all grants and mappings. */
#ifndef GRANTS_TAKE_H
#define GRANTS_TAKE_H

#include "graph.h"

/* All of everybody's, sorted. Who ends meanwhile is left out. Ends the program if they can't be had. */
void take_found(struct found *found, const struct processes *all);

/*
 * Those who have the page at `address` of the process mapped, sorted, and in *page whose it is. Returns OK or
 * what VM says (vm_viewers). Ends the program if there is no memory.
 */
int take_viewers(struct found *found, endpoint_t endpoint, vir_bytes address, struct vm_viewers_rep *page);

/* Ends the program, and says why: `result` is a negative errno. */
_Noreturn void take_give_up(const char *what, int result);

#endif
