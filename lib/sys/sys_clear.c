/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_clear(endpoint_t endpoint)
{
	union sys_clear_message call;

	call.req = (struct sys_clear_req){.endpoint = endpoint};
	return sys_clear_call(&call);
}
