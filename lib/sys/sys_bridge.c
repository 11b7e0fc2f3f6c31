/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_bridge(void (*entry)(void), void (*upcall)(void), struct bridge_control *control)
{
	union sys_bridge_message call;

	call.req = (struct sys_bridge_req){.entry = (vir_bytes)(uintptr_t)entry,
	                                   .upcall = (vir_bytes)(uintptr_t)upcall,
	                                   .control = (vir_bytes)(uintptr_t)control};
	return sys_bridge_call(&call);
}
