/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_diagctl(const char *text, size_t bytes)
{
	union sys_diagctl_message call;

	call.req = (struct sys_diagctl_req){.text = (vir_bytes)(uintptr_t)text, .bytes = bytes};
	return sys_diagctl_call(&call);
}
