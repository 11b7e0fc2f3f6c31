/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_getinfo(uint32_t what, void *buffer, size_t bytes, uint32_t first)
{
	union sys_getinfo_message call;
	int result;

	call.req = (struct sys_getinfo_req){
	        .what = what, .address = (vir_bytes)(uintptr_t)buffer, .bytes = bytes, .first = first};
	result = sys_getinfo_call(&call);
	return result == OK ? (int)call.rep.bytes : result;
}
