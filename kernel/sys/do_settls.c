/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "arch.h"
#include "kcall.h"

/* SYS_SETTLS: sets or clears a TLS slot of the caller. Errors: EINVAL no such slot; ESRCH none is free. */
int do_settls(struct proc *caller, const struct sys_settls_req *request, struct sys_settls_rep *reply)
{
	int index = arch_set_tls(caller, request);

	if (index < 0)
		return index;
	reply->index = index;
	return OK;
}
