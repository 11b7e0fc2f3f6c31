/* SPDX-License-Identifier: MIT */
#include <granite/grant.h>

int sys_grants(endpoint_t endpoint, uint32_t *slot, struct cp_grant *grants, uint32_t count)
{
	union sys_grants_message call;
	int result;

	call.req = (struct sys_grants_req){
	        .endpoint = endpoint, .slot = *slot, .address = (vir_bytes)(uintptr_t)grants, .count = count};
	result = sys_grants_call(&call);
	if (result != OK)
		return result;
	*slot = call.rep.next;
	return (int)call.rep.count;
}
