/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

static int vmctl(enum vmctl_op op, endpoint_t endpoint, uint32_t a, uint32_t b)
{
	union sys_vmctl_message call;

	call.req = (struct sys_vmctl_req){.op = op, .endpoint = endpoint, .a = a, .b = b};
	return sys_vmctl_call(&call);
}

int sys_vmctl_paging(phys_bytes directory, struct vm_notes *notes)
{
	return vmctl(VMCTL_PAGING, SELF, directory, (uint32_t)(uintptr_t)notes);
}

int sys_vmctl_apply(void)
{
	return vmctl(VMCTL_APPLY, SELF, 0, 0);
}

int sys_vmctl_setdir(endpoint_t endpoint, phys_bytes directory)
{
	return vmctl(VMCTL_SETDIR, endpoint, directory, 0);
}

int sys_vmctl_may_map(endpoint_t endpoint, phys_bytes start, phys_bytes bytes)
{
	return vmctl(VMCTL_MAY_MAP, endpoint, start, bytes);
}
