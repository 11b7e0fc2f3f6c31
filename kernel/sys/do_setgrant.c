/* SPDX-License-Identifier: MIT */
#include "grant.h"
#include "kcall.h"

/*
 * SYS_SETGRANT: names the caller's table of grants, and hands out sequence numbers that no grant of the
 * caller's has had. Errors: EFAULT the table is not within the caller; EINVAL too many entries; ENOSPC the
 * numbers are used up.
 */
int do_setgrant(struct proc *caller, const struct sys_setgrant_req *request, struct sys_setgrant_rep *reply)
{
	return grant_set_table(caller, request->table, request->entries, &reply->sequence);
}
