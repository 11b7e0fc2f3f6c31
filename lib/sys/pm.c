/* SPDX-License-Identifier: MIT */
#include <granite/pm.h>

endpoint_t pm_endpoint(int pid)
{
	union pm_endpoint_message call;
	int result;

	call.req = (struct pm_endpoint_req){.pid = pid};
	result = pm_endpoint_call(&call);
	return result == OK ? call.rep.endpoint : result;
}

int pm_executed(int pid)
{
	union pm_endpoint_message call;
	int result;

	call.req = (struct pm_endpoint_req){.pid = pid};
	result = pm_endpoint_call(&call);
	return result == OK ? (int)call.rep.executed : result;
}

int pm_program(uint32_t index, struct pm_program_rep *program)
{
	union pm_program_message call;
	int result;

	call.req = (struct pm_program_req){.index = index};
	result = pm_program_call(&call);
	if (result == OK)
		*program = call.rep;
	return result;
}

int pm_procinfo(uint32_t index, struct pm_procinfo_rep *info)
{
	union pm_procinfo_message call;
	int result;

	call.req = (struct pm_procinfo_req){.index = index};
	result = pm_procinfo_call(&call);
	if (result == OK)
		*info = call.rep;
	return result;
}
