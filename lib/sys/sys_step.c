/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_step(endpoint_t endpoint, uint32_t instructions)
{
	union sys_step_message call;

	call.req = (struct sys_step_req){.endpoint = endpoint, .instructions = instructions};
	return sys_step_call(&call);
}
