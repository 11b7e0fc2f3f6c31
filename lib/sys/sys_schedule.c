/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_schedule(endpoint_t endpoint, uint32_t priority, uint32_t quantum_msecs)
{
	union sys_schedule_message call;

	call.req = (struct sys_schedule_req){
	        .endpoint = endpoint, .priority = priority, .quantum_msecs = quantum_msecs};
	return sys_schedule_call(&call);
}
