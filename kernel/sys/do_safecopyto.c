/* SPDX-License-Identifier: MIT */
#include "kcall.h"
#include "safecopy.h"

/* SYS_SAFECOPYTO: copies from the caller to what was granted to it. Errors: those of safecopy(). */
int do_safecopyto(struct proc *caller, const struct sys_safecopyto_req *request,
                  struct sys_safecopyto_rep *reply)
{
	struct safecopy copy = {
	        .wish = {.granter = request->granter,
	                 .id = request->grant,
	                 .offset = request->offset,
	                 .bytes = request->bytes,
	                 .rights = CPF_WRITE},
	        .address = request->address,
	};

	(void)reply;
	return safecopy(caller, &copy, 1);
}
