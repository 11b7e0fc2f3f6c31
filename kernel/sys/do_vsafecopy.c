/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"
#include "safecopy.h"

/* Who is SELF tells the direction. */
static int decode(const struct vscp_vec *element, struct safecopy *copy)
{
	int from_caller = element->v_from == SELF;

	if (from_caller == (element->v_to == SELF))
		return -EINVAL;
	*copy = (struct safecopy){
	        .wish = {.granter = from_caller ? element->v_to : element->v_from,
	                 .id = element->v_gid,
	                 .offset = element->v_offset,
	                 .bytes = element->v_bytes,
	                 .rights = from_caller ? CPF_WRITE : CPF_READ},
	        .address = element->v_addr,
	};
	return OK;
}

/*
 * SYS_VSAFECOPY: several copies in one call, either way. Errors: those of safecopy(); EFAULT the vector is
 * not there; EINVAL too many elements, or one that does not have SELF on just one side.
 */
int do_vsafecopy(struct proc *caller, const struct sys_vsafecopy_req *request,
                 struct sys_vsafecopy_rep *reply)
{
	static struct vscp_vec vector[SCPVEC_NR];
	static struct safecopy copies[SCPVEC_NR];
	int result;

	(void)reply;
	if (request->elements > SCPVEC_NR)
		return -EINVAL;
	result = copy_from_caller(caller, request->vector, vector, request->elements * sizeof(vector[0]));
	for (uint32_t i = 0; i < request->elements && result == OK; i++)
		result = decode(&vector[i], &copies[i]);
	return result == OK ? safecopy(caller, copies, request->elements) : result;
}
