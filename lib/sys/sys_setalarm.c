/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_setalarm(uint64_t nsecs, int absolute, uint64_t *left_nsecs)
{
	union sys_setalarm_message call;
	int result;

	call.req = (struct sys_setalarm_req){.nsecs = nsecs, .absolute = absolute != 0};
	result = sys_setalarm_call(&call);
	if (result == OK && left_nsecs)
		*left_nsecs = call.rep.left_nsecs;
	return result;
}
