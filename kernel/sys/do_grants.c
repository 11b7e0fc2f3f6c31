/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "grant.h"
#include "kcall.h"
#include "priv.h"

/*
 * SYS_GRANTS: tells what a process has granted. Errors: EDEADSRCDST; EPERM it is another, and the caller has
 * not PRIV_INSPECT; EINVAL no room for any; EFAULT.
 */
int do_grants(struct proc *caller, const struct sys_grants_req *request, struct sys_grants_rep *reply)
{
	static struct cp_grant grants[SYS_GRANTS_MAX];
	struct proc *p = proc_resolve(caller, request->endpoint);
	uint32_t count = request->count < SYS_GRANTS_MAX ? request->count : SYS_GRANTS_MAX;

	if (!p)
		return -EDEADSRCDST;
	if (p != caller && !(caller->priv->spec.flags & PRIV_INSPECT))
		return -EPERM;
	if (count == 0)
		return -EINVAL;
	reply->count = grant_list(p, request->slot, grants, count, &reply->next);
	return copy_to_caller(caller, request->address, grants, reply->count * sizeof(grants[0]));
}
