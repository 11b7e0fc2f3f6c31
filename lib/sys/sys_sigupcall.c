/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_sigupcall(endpoint_t endpoint, enum sigupcall_state state, endpoint_t *blocked_on)
{
	union sys_sigupcall_message call;
	int result;

	call.req = (struct sys_sigupcall_req){.endpoint = endpoint, .state = state};
	result = sys_sigupcall_call(&call);
	if (result == OK)
		*blocked_on = call.rep.blocked_on;
	return result;
}
