/* SPDX-License-Identifier: MIT */
/* What processes, grants and chains are called. Pure code. */
#ifndef GRANTS_NAMES_H
#define GRANTS_NAMES_H

#include <granite/abi/grant.h>

#include "../lib/processes.h"

#define NAME_MAX_PROCESS 40
#define NAME_MAX_GRANT   40
#define NAME_MAX_LINK    (NAME_MAX_GRANT + 4 + NAME_MAX_PROCESS)

/* `sh (4)`; of a small process `vm`; or `anyone`, `nobody`, `somebody gone`. Each returns `text`. */
const char *name_process(char text[NAME_MAX_PROCESS], const struct processes *all, endpoint_t endpoint);

/* `#3.17`: slot and sequence number; in a table that is not the endpoint's first `#3.17/2`. */
const char *name_grant(char text[NAME_MAX_GRANT], cp_grant_id_t id);

/* `#3.17 of sh (4)` */
const char *name_link(char text[NAME_MAX_LINK], const struct processes *all, const struct grant_link *link);

#define NAME_MAX_ACCESS 6

/* `rwmut` for CPF_READ, _WRITE, _MAP, _UNMAP, _TRY; a dash for each that is missing. */
const char *name_access(char text[NAME_MAX_ACCESS], uint32_t access);

#endif
