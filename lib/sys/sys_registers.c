/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_registers(endpoint_t endpoint, struct sys_registers_rep *registers)
{
	union sys_registers_message call;
	int result;

	call.req = (struct sys_registers_req){.endpoint = endpoint};
	result = sys_registers_call(&call);
	if (result == OK)
		*registers = call.rep;
	return result;
}
