/* SPDX-License-Identifier: MIT */
#include "kcall.h"
#include "safecopy.h"

/* SYS_SAFEMEMSET: fills what was granted to the caller with a byte. Errors: those of grant_judge(), and
 * copy_bytes(). */
int do_safememset(struct proc *caller, const struct sys_safememset_req *request,
                  struct sys_safememset_rep *reply)
{
	struct grant_wish wish = {
	        .granter = request->granter,
	        .id = request->grant,
	        .offset = request->offset,
	        .bytes = request->bytes,
	        .rights = CPF_WRITE,
	};

	(void)reply;
	return safememset(caller, &wish, (uint8_t)request->byte);
}
