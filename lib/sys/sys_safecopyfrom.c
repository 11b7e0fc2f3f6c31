/* SPDX-License-Identifier: MIT */
#include <granite/grant.h>

int sys_safecopyfrom(endpoint_t from, cp_grant_id_t grant, vir_bytes grant_offset, vir_bytes my_address,
                     size_t bytes)
{
	union sys_safecopyfrom_message call;

	call.req = (struct sys_safecopyfrom_req){.granter = from,
	                                         .grant = grant,
	                                         .offset = grant_offset,
	                                         .address = my_address,
	                                         .bytes = bytes};
	return sys_safecopyfrom_call(&call);
}
