/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <granite/sys.h>

int sys_exec(endpoint_t endpoint, vir_bytes pc, vir_bytes sp, const char *name)
{
	union sys_exec_message call;

	call.req = (struct sys_exec_req){.endpoint = endpoint, .pc = pc, .sp = sp};
	memcpy(call.req.name, name, strnlen(name, PROC_NAME_MAX - 1));
	return sys_exec_call(&call);
}
