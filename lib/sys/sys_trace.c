/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_trace_set(uint32_t kinds, struct trace_span *span)
{
	union sys_trace_message call;
	int result;

	call.req = (struct sys_trace_req){.op = TRACE_SET, .kinds = kinds};
	result = sys_trace_call(&call);
	if (result == OK && span)
		*span = (struct trace_span){call.rep.first, call.rep.next};
	return result;
}

int sys_trace_read(uint64_t from, struct trace_record *records, size_t count, struct trace_span *span)
{
	union sys_trace_message call;
	int result;

	call.req = (struct sys_trace_req){
	        .op = TRACE_READ, .from = from, .address = (vir_bytes)(uintptr_t)records, .count = count};
	result = sys_trace_call(&call);
	if (result != OK)
		return result;
	*span = (struct trace_span){call.rep.first, call.rep.next};
	return (int)call.rep.count;
}
