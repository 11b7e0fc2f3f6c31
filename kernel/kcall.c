/* SPDX-License-Identifier: MIT */
#include "kcall.h"

#include <granite/abi/errno.h>

#include "arch.h"
#include "counters.h"
#include "priv.h"
#include "string.h"
#include "trace.h"
#include "vmrequest.h"

typedef int (*kcall_handler)(struct proc *caller, const void *request, void *reply);

#define OP(number, NAME, name)                                                        \
	static int call_##name(struct proc *caller, const void *request, void *reply) \
	{                                                                             \
		return do_##name(caller, request, reply);                             \
	}
#include <granite/abi/ops/sys.def>
#undef OP

static const kcall_handler handlers[KCALL_MAX] = {
#define OP(number, NAME, name) [(number)-KCALL_BASE] = call_##name,
#include <granite/abi/ops/sys.def>
#undef OP
};

static void finish(struct proc *caller, int result)
{
	caller->misc_flags &= ~(MF_RESUME_CALL | MF_CALL_ENDS | MF_NO_SHARING);
	caller->call_done = 0;
	caller->vm_asked = 0;
	caller->deliver.m_source = NONE;
	caller->deliver.m_type = result;
	caller->misc_flags |= MF_DELIVER;
	TRACE(CALL, result(caller, result));
	arch_set_result(caller, result);
}

/* The reply is built in caller->deliver, as a message to it would be: none can come while it is in a call. */
static int handle(struct proc *caller)
{
	uint32_t index = (uint32_t)caller->call.m_type - KCALL_BASE;

	memset(caller->deliver.m_bytes, 0, MESSAGE_PAYLOAD);
	if (index >= KCALL_MAX || !handlers[index])
		return -EBADCALL;
	if (!priv_may_call(caller, index))
		return -ECALLDENIED;
	return handlers[index](caller, caller->call.m_bytes, caller->deliver.m_bytes);
}

static void dispatch(struct proc *caller)
{
	int result = handle(caller);

	if (result == KCALL_SUSPEND || result == KCALL_AGAIN)
		caller->misc_flags |= MF_RESUME_CALL;
	else
		finish(caller, result);
}

void kcall_trap(struct proc *caller, vir_bytes address)
{
	uint32_t fault;

	COUNT(kernel_calls);
	if (address > arch_limit(caller) - sizeof(struct message)) {
		arch_set_result(caller, -EFAULT);
		return;
	}
	fault = arch_message_in(caller, address, &caller->call);
	if (fault) {
		arch_retry_trap(caller);
		if (vm_request(caller, caller, address, sizeof(struct message), 1) != OK)
			raise_segv(caller, fault);
		return;
	}
	caller->vm_asked = 0;
	caller->call_done = 0;
	caller->deliver_to = address;
	caller->vm_verdict = OK;
	TRACE(CALL, call(caller));
	dispatch(caller);
}

void kcall_resume(struct proc *caller)
{
	int verdict = caller->vm_verdict;

	caller->vm_verdict = OK;
	if (caller->misc_flags & MF_CALL_ENDS)
		finish(caller, verdict);
	else if (verdict == OK)
		dispatch(caller);
	else
		finish(caller, -EFAULT);
}

int kcall_judge_again(struct proc *caller)
{
	int result;

	caller->misc_flags |= MF_TAKEN_UP;
	result = handle(caller);
	caller->misc_flags &= ~MF_TAKEN_UP;
	return result;
}
