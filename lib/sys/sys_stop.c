/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_stop(endpoint_t endpoint, int stop)
{
	union sys_stop_message call;

	call.req = (struct sys_stop_req){.endpoint = endpoint, .stop = stop != 0};
	return sys_stop_call(&call);
}
