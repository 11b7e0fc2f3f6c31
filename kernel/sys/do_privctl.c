/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"
#include "priv.h"

/*
 * SYS_PRIVCTL, for RS and PM: defines a privilege set and hands it to a process, if one is named.
 * Errors: EDEADSRCDST it is dead; EPERM it is small; EINVAL a field of the set is out of range; EFAULT.
 */
int do_privctl(struct proc *caller, const struct sys_privctl_req *request, struct sys_privctl_rep *reply)
{
	struct proc *p = NULL;
	struct priv_spec spec;
	int result = copy_from_caller(caller, request->spec, &spec, sizeof(spec));

	(void)reply;
	if (result == OK)
		result = priv_check(&spec);
	if (result != OK)
		return result;
	if (request->endpoint != NONE) {
		p = proc_lookup(request->endpoint);
		if (!p)
			return -EDEADSRCDST;
		if (proc_small(p))
			return -EPERM;
	}
	priv_define(&spec);
	if (p)
		priv_assign(p, &priv_table[spec.id]);
	return OK;
}
