/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>
#include <granite/vm.h>
#include <string.h>

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

static int32_t exec_packed(const char *path, uint32_t path_bytes, const uint32_t *arguments,
                           const uint32_t *environment, const struct pm_exec_req *measured)
{
	union pm_exec_message call = {.req = *measured};
	char *buffer;
	int32_t result = map_buffer(measured->strings_bytes, &buffer);

	if (result != OK)
		return result;
	exec_pack(environment, exec_pack(arguments, buffer));
	call.req.path = user_address(path);
	call.req.path_bytes = path_bytes;
	call.req.strings = user_address(buffer);
	result = pm_exec_call(&call); /* comes back only if it failed */
	unmap_buffer(buffer, measured->strings_bytes);
	return result;
}

/* execve(path, arguments, environment) */
int32_t linux_execve(struct bridge_regs *regs)
{
	const char *path = user_pointer(regs->ebx);
	uint32_t path_bytes = strnlen(path, PATH_BYTES_MAX);
	struct pm_exec_req measured = {.strings_bytes = 0};
	int32_t result;

	if (path_bytes == 0)
		return -ENOENT;
	if (path_bytes == PATH_BYTES_MAX)
		return -ENAMETOOLONG;
	result = exec_measure(user_pointer(regs->ecx), &measured.argc, &measured.strings_bytes);
	if (result == OK)
		result = exec_measure(user_pointer(regs->edx), &measured.envc, &measured.strings_bytes);
	if (result != OK)
		return result;
	return exec_packed(path, path_bytes, user_pointer(regs->ecx), user_pointer(regs->edx), &measured);
}
