/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_privctl(endpoint_t endpoint, const struct priv_spec *spec)
{
	union sys_privctl_message call;

	call.req = (struct sys_privctl_req){.endpoint = endpoint, .spec = (vir_bytes)(uintptr_t)spec};
	return sys_privctl_call(&call);
}
