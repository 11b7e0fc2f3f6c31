/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_settls(int index, vir_bytes base, uint32_t limit, uint32_t flags, int *used)
{
	union sys_settls_message call;
	int result;

	call.req = (struct sys_settls_req){.index = index, .base = base, .limit = limit, .flags = flags};
	result = sys_settls_call(&call);
	if (result == OK && used)
		*used = call.rep.index;
	return result;
}
