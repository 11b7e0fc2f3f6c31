/* SPDX-License-Identifier: MIT */
#include <granite/grant.h>

int sys_safecopyto(endpoint_t to, cp_grant_id_t grant, vir_bytes grant_offset, vir_bytes my_address,
                   size_t bytes)
{
	union sys_safecopyto_message call;

	call.req = (struct sys_safecopyto_req){
	        .granter = to, .grant = grant, .offset = grant_offset, .address = my_address, .bytes = bytes};
	return sys_safecopyto_call(&call);
}
