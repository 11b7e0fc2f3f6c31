/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_abort(enum abort_how how, uint32_t status)
{
	union sys_abort_message call;

	call.req = (struct sys_abort_req){.how = how, .status = status};
	return sys_abort_call(&call);
}
