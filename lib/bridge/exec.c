/* SPDX-License-Identifier: MIT */
/* execve: gathers for PM the path and the strings of the new program. */
#include <granite/abi/errno.h>
#include <granite/vm.h>

#include "bridge.h"
#include "exec.h"
#include "fd.h"
#include "fileserver.h"

#define PATH_BYTES_MAX 4096 /* Linux's PATH_MAX, the end included */

/* Packs the strings into *buffer and asks PM. Returns only why the program can't be started. */
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

/* What the new program gets, but not yet where its strings will be. */
static int32_t measure(const struct bridge_regs *regs, struct pm_exec_req *request)
{
	int32_t result = measure_path(regs->ebx, request);

	if (result == OK)
		result = exec_measure(regs->ecx, &request->argc, &request->strings_bytes);
	if (result == OK)
		result = exec_measure(regs->edx, &request->envc, &request->strings_bytes);
	return result;
}

/*
 * execve(path, arguments, environment). The strings are packed in memory mapped for them: the stack may have
 * little room left, and the heap is the program's.
 */
int32_t linux_execve(struct bridge_regs *regs)
{
	struct pm_exec_req request = {
	        .descriptors = {.server = fileserver_endpoint(), .directory = fileserver_directory()}};
	uint32_t buffer_bytes;
	vir_bytes buffer;
	int32_t result = measure(regs, &request);

	if (result != OK)
		return result;
	fd_pass_on(&request.descriptors);
	buffer_bytes = request.strings_bytes + 1; /* VM maps no empty range, but there may be no strings */
	result = vm_mmap(0, buffer_bytes, VM_PROT_READ | VM_PROT_WRITE, 0, &buffer);
	if (result != OK)
		return result;
	result = exec_packed(&request, regs->ecx, regs->edx, user_pointer(buffer));
	GRANITE_IGNORE(vm_munmap(buffer, buffer_bytes)); /* at worst a few pages stay mapped */
	return result;
}
