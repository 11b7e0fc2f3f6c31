/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_fork(endpoint_t parent, phys_bytes directory, endpoint_t *child)
{
	union sys_fork_message call;
	int result;

	call.req = (struct sys_fork_req){.parent = parent, .directory = directory};
	result = sys_fork_call(&call);
	if (result == OK)
		*child = call.rep.child;
	return result;
}
