/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

/* Everyone may ask, and there is always an answer. */
endpoint_t sys_self(void)
{
	union sys_self_message call;
	int result = sys_self_call(&call);

	return result == OK ? call.rep.endpoint : result;
}
