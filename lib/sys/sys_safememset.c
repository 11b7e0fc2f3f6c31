/* SPDX-License-Identifier: MIT */
#include <granite/grant.h>

int sys_safememset(endpoint_t to, cp_grant_id_t grant, vir_bytes grant_offset, int c, size_t bytes)
{
	union sys_safememset_message call;

	call.req = (struct sys_safememset_req){
	        .granter = to, .grant = grant, .offset = grant_offset, .byte = (uint8_t)c, .bytes = bytes};
	return sys_safememset_call(&call);
}
