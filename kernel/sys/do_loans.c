/* SPDX-License-Identifier: MIT */
#include "grant.h"
#include "kcall.h"

/*
 * SYS_LOANS: hands out sequence numbers that no loan of the caller's bridge has had. Errors: ENOSPC they are
 * used up.
 */
int do_loans(struct proc *caller, const struct sys_loans_req *request, struct sys_loans_rep *reply)
{
	(void)request;
	return grant_number_loans(caller, &reply->sequence);
}
