/* SPDX-License-Identifier: MIT */
#include <granite/vm.h>

int vm_fork(endpoint_t parent, endpoint_t *child)
{
	union vm_fork_message call;
	int result;

	call.req = (struct vm_fork_req){.parent = parent};
	result = vm_fork_call(&call);
	if (result == OK)
		*child = call.rep.child;
	return result;
}

int vm_exec(endpoint_t endpoint, const struct vm_exec_plan *plan)
{
	union vm_exec_message call;

	call.req = (struct vm_exec_req){.endpoint = endpoint, .plan = (vir_bytes)(uintptr_t)plan};
	return vm_exec_call(&call);
}

int vm_exit(endpoint_t endpoint)
{
	union vm_exit_message call;

	call.req = (struct vm_exit_req){.endpoint = endpoint};
	return vm_exit_call(&call);
}
