/* SPDX-License-Identifier: MIT */
#include <granite/grant.h>

int sys_setgrant(struct cp_grant *table, uint32_t entries, uint64_t *sequence)
{
	union sys_setgrant_message call;

	int result;

	call.req = (struct sys_setgrant_req){.table = (vir_bytes)(uintptr_t)table, .entries = entries};
	result = sys_setgrant_call(&call);
	if (result == OK)
		*sequence = call.rep.sequence;
	return result;
}
