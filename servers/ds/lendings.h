/* SPDX-License-Identifier: MIT */
/* The grants by which DS has lent ranges on: to whom, and at which address DS has the range. */
#ifndef DS_LENDINGS_H
#define DS_LENDINGS_H

#include <granite/abi/types.h>

#define LENDINGS_MAX    8192 /* of all: DS has that many grants, and some for itself */
#define LENDINGS_OF_ONE 128  /* process */

/* There are none at first. */
void lendings_begin(void);

/*
 * The grant that lends the range to `to`: what there is already, or a new one. When it has as many as it may
 * have those end by which nothing is mapped any more. The last quarter of all is for those who have the
 * reserve. -EDQUOT, -ENOSPC.
 */
GRANITE_MUST_CHECK cp_grant_id_t lendings_lend(endpoint_t to, uint32_t address, uint32_t bytes, int writable,
                                               int has_reserve);

/* Takes back what this process was lent; this range from all. */
void lendings_end_to(endpoint_t to);
void lendings_end_of(uint32_t address);

#endif
