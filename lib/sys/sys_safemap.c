/* SPDX-License-Identifier: MIT */
#include <granite/grant.h>

int sys_safemap(endpoint_t grantor, cp_grant_id_t grant, vir_bytes grant_offset, vir_bytes my_address,
                size_t bytes, int writable)
{
	union sys_safemap_message call;

	call.req = (struct sys_safemap_req){.granter = grantor,
	                                    .grant = grant,
	                                    .offset = grant_offset,
	                                    .address = my_address,
	                                    .bytes = bytes,
	                                    .writable = writable != 0};
	return sys_safemap_call(&call);
}
