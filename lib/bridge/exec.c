/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>
#include <granite/vm.h>

#include "bridge.h"
#include "exec.h"

#define PATH_BYTES_MAX 4096 /* Linux's PATH_MAX, the end included */

/* The buffer is mapped memory: a stack may have little room left, a program's heap is not the bridge's to
 * use. */
static int32_t map_buffer(uint32_t bytes, char **buffer)
{
	union vm_mmap_message call;
	int32_t result;

	call.req = (struct vm_mmap_req){.bytes = bytes, .prot = VM_PROT_READ | VM_PROT_WRITE};
	result = vm_mmap_call(&call);
	*buffer = user_pointer(call.rep.address);
	return result;
}

static void unmap_buffer(char *buffer, uint32_t bytes)
{
	union vm_munmap_message call;
	int32_t result;

	call.req = (struct vm_munmap_req){.address = user_address(buffer), .bytes = bytes};
	result = vm_munmap_call(&call);
	(void)result; /* at worst a few pages stay mapped */
}

/* PM_EXEC's answer, which comes only if it failed. */
static int32_t exec_packed(struct pm_exec_req *request, uint32_t arguments, uint32_t environment,
                           char *buffer)
{
	union pm_exec_message call;
	char *end = buffer;
	int32_t result = exec_pack(arguments, request->argc, &end);

	if (result == OK)
		result = exec_pack(environment, request->envc, &end);
	if (result != OK)
		return result;
	request->strings = user_address(buffer);
	call.req = *request;
	return pm_exec_call(&call);
}

static int32_t measure_path(uint32_t path, struct pm_exec_req *request)
{
	int32_t length = user_strnlen(user_pointer(path), PATH_BYTES_MAX);

	if (length < 0)
		return length;
	if (length == 0)
		return -ENOENT;
	if (length == PATH_BYTES_MAX)
		return -ENAMETOOLONG;
	request->path = path;
	request->path_bytes = (uint32_t)length;
	return OK;
}

/* execve(path, arguments, environment) */
int32_t linux_execve(struct bridge_regs *regs)
{
	struct pm_exec_req request = {.strings_bytes = 0};
	char *buffer;
	int32_t result = measure_path(regs->ebx, &request);

	if (result == OK)
		result = exec_measure(regs->ecx, &request.argc, &request.strings_bytes);
	if (result == OK)
		result = exec_measure(regs->edx, &request.envc, &request.strings_bytes);
	if (result == OK)
		result = map_buffer(request.strings_bytes + 1,
		                    &buffer); /* not even empty when there are no strings */
	if (result != OK)
		return result;
	result = exec_packed(&request, regs->ecx, regs->edx, buffer);
	unmap_buffer(buffer, request.strings_bytes + 1);
	return result;
}
