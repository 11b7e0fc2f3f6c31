/* SPDX-License-Identifier: MIT */
#include "kcall.h"
#include "safecopy.h"

/* SYS_SAFECOPYFROM: copies to the caller from what was granted to it. Errors: those of safecopy(). */
int do_safecopyfrom(struct proc *caller, const struct sys_safecopyfrom_req *request,
                    struct sys_safecopyfrom_rep *reply)
{
	struct safecopy copy = {
	        .wish = {.granter = request->granter,
	                 .id = request->grant,
	                 .offset = request->offset,
	                 .bytes = request->bytes,
	                 .rights = CPF_READ},
	        .address = request->address,
	};

	(void)reply;
	return safecopy(caller, &copy, 1);
}
