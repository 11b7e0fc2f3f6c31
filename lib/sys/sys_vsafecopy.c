/* SPDX-License-Identifier: MIT */
#include <granite/grant.h>

int sys_vsafecopy(struct vscp_vec *vector, int elements)
{
	union sys_vsafecopy_message call;

	call.req = (struct sys_vsafecopy_req){.vector = (vir_bytes)(uintptr_t)vector,
	                                      .elements = (uint32_t)elements};
	return sys_vsafecopy_call(&call);
}
