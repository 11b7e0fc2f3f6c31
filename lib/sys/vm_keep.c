/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <granite/vm.h>

int vm_keep(const char *name, vir_bytes address, size_t bytes, int *found)
{
	union vm_keep_message call = {.req = {.address = address, .bytes = bytes}};
	size_t length = strnlen(name, VM_KEEP_NAME_MAX);
	int result;

	if (length == VM_KEEP_NAME_MAX)
		return -EINVAL;
	memcpy(call.req.name, name, length);
	result = vm_keep_call(&call);
	if (result == OK && found)
		*found = (int)call.rep.found;
	return result;
}

int vm_succeed(endpoint_t old, endpoint_t new)
{
	union vm_succeed_message call;

	call.req = (struct vm_succeed_req){.old = old, .new = new};
	return vm_succeed_call(&call);
}
