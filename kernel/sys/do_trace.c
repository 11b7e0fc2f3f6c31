/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"
#include "trace.h"

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int set(struct proc *caller, uint32_t kinds, struct sys_trace_rep *reply)
{
	int result;

	if (kinds & ~TRACE_ALL)
		return -EINVAL;
	result = trace_set(caller->endpoint, kinds);
	reply->first = trace_ring.first;
	reply->next = trace_ring.next;
	return result;
}

/* Copies what lies in one piece. If the copy waits for VM, all of this is done anew, and older records may be
 * gone by then. */
static int read_records(struct proc *caller, const struct sys_trace_req *request, struct sys_trace_rep *reply)
{
	uint64_t next = trace_ring.next;
	uint64_t oldest = next > TRACE_RECORDS ? next - TRACE_RECORDS : 0;
	uint64_t first = later(request->from, later(oldest, trace_ring.first));
	uint32_t index = first % TRACE_RECORDS, count = request->count;

	if (request->from > next)
		return -EINVAL;
	if (count > TRACE_READ_MAX)
		count = TRACE_READ_MAX;
	if (count > next - first)
		count = next - first;
	if (count > TRACE_RECORDS - index)
		count = TRACE_RECORDS - index;
	reply->first = first;
	reply->next = next;
	reply->count = count;
	return copy_to_caller(caller, request->address, &trace_ring.records[index],
	                      count * sizeof(trace_ring.records[0]));
}

/*
 * SYS_TRACE: see enum trace_op. Errors: EINVAL no such operation or kind, or `from` is in the future; EBUSY
 * another has switched the trace on; EFAULT.
 */
int do_trace(struct proc *caller, const struct sys_trace_req *request, struct sys_trace_rep *reply)
{
	switch (request->op) {
	case TRACE_SET:
		return set(caller, request->kinds, reply);
	case TRACE_READ:
		return read_records(caller, request, reply);
	default:
		return -EINVAL;
	}
}
