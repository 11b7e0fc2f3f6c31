/* SPDX-License-Identifier: MIT */
/*
 * The table of grants of a process, which the kernel reads. Results are OK or a negative errno: it is used by
 * the bridge too, which has no errno of its own. Signal handlers may interrupt any of it, and use it.
 */
#ifndef LIB_SYS_GRANT_TABLE_H
#define LIB_SYS_GRANT_TABLE_H

#include <granite/grant.h>

/* What is to be granted; the record's id is not yet known. */
int grant_table_check(const struct cp_grant *content);

/* A new grant with this content (NULL: it grants nothing yet). The id, or a negative errno. */
cp_grant_id_t grant_table_add(const struct cp_grant *content);

/* Changes what an id grants; NULL: nothing. */
int grant_table_set(cp_grant_id_t id, const struct cp_grant *content);

/* Takes a grant back, and its id for ever. */
int grant_table_remove(cp_grant_id_t id);

/* The record of an id, or NULL. */
const struct cp_grant *grant_table_find(cp_grant_id_t id);

/* The pages of the table that are touched only by whoever has more grants than this at a time. */
#define GRANT_TABLE_BEGINS 64
void grant_table_rest(vir_bytes *start, vir_bytes *end);

/* The contents of each kind. */
struct cp_grant grant_direct(endpoint_t who_to, vir_bytes addr, size_t bytes, int access);
struct cp_grant grant_indirect(endpoint_t who_to, endpoint_t who_from, cp_grant_id_t grant, size_t offset,
                               size_t bytes, int access);
struct cp_grant grant_magic(endpoint_t who_to, endpoint_t who_from, vir_bytes addr, size_t bytes, int access);

#endif
