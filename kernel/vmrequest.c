/* SPDX-License-Identifier: MIT */
#include "vmrequest.h"

#include <granite/abi/errno.h>
#include <granite/abi/vm.h>

#include "arch.h"
#include "vmassert.h"
#include "copy.h"
#include "counters.h"
#include "ipc.h"
#include "log.h"
#include "panic.h"
#include "string.h"

/* Signals, and si_code values, as Linux/i386 numbers them. */
#define SIGKILL     9
#define SIGSEGV     11
#define SEGV_MAPERR 1

/* VM may be asked this often before a copy has got any further: others may undo its work in between. */
#define VM_ASK_MAX 8

static struct proc *boot_process(endpoint_t endpoint)
{
	return &proc_table[ENDPOINT_SLOT(endpoint)];
}

void vm_page_fault(struct proc *p, vir_bytes address, uint32_t error)
{
	struct vm_pagefault_req *request = (void *)p->outgoing.m_bytes;

	COUNT(page_faults);
	p->outgoing.m_type = VM_PAGEFAULT;
	request->address = address;
	request->error = error;
	ipc_send_for(p, boot_process(VM_PROC_NR), RTS_PAGEFAULT);
}

int vm_request(struct proc *caller, struct proc *owner, vir_bytes address, uint32_t bytes, int write)
{
	struct vm_memreq_req *request = (void *)caller->outgoing.m_bytes;

	if (caller->endpoint == VM_PROC_NR || proc_small(owner) || ++caller->vm_asked > VM_ASK_MAX)
		return -EFAULT;
	COUNT(vm_requests);
	caller->outgoing.m_type = VM_MEMREQ;
	request->endpoint = owner->endpoint;
	request->address = address;
	request->bytes = bytes;
	request->write = write;
	ipc_send_for(caller, boot_process(VM_PROC_NR), RTS_VMREQUEST);
	return OK;
}

static void page_fault_verdict(struct proc *p, int32_t result)
{
	const struct vm_pagefault_req *request = (void *)p->outgoing.m_bytes;
	struct pm_exception_req exception = {
	        .signal = result == -ENOMEM ? SIGKILL : SIGSEGV,
	        .si_code = SEGV_MAPERR + (request->error & VM_FAULT_PRESENT),
	        .address = request->address,
	        .trap = 14,
	        .error = request->error,
	};

	proc_clear_flags(p, RTS_PAGEFAULT);
	if (result == OK)
		return;
	if (result == -ENOMEM)
		klog("[kernel] out of memory: %s (endpoint %d) is ended\n", p->name, p->endpoint);
	raise_exception(p, &exception);
}

/* A kernel call goes on and sees the verdict; a message, or the bridge's stack, that VM can't provide is p's
 * SIGSEGV. */
static void memory_request_verdict(struct proc *p, int32_t result)
{
	const struct vm_memreq_req *request = (void *)p->outgoing.m_bytes;

	proc_clear_flags(p, RTS_VMREQUEST);
	if (p->misc_flags & MF_RESUME_CALL)
		p->vm_verdict = result;
	else if (result != OK)
		raise_segv(p, request->address);
}

int vm_verdict(struct proc *server, struct proc *p, int32_t result)
{
	if (p->rts_flags & RTS_SENDING) /* not even taken up yet */
		return 0;
	if (server->endpoint == VM_PROC_NR && p->rts_flags & RTS_PAGEFAULT) {
		page_fault_verdict(p, result);
		return 1;
	}
	if (server->endpoint == VM_PROC_NR && p->rts_flags & RTS_VMREQUEST) {
		memory_request_verdict(p, result);
		return 1;
	}
	if (server->endpoint == PM_PROC_NR && p->rts_flags & RTS_EXCEPTION) {
		proc_clear_flags(p, RTS_EXCEPTION);
		return 1;
	}
	return 0;
}

/* Whether p's bridge was at work: then no handler of p's can be run, for it would enter the bridge again. */
static int bridge_was_busy(struct proc *p)
{
	struct arch_copy_result result;
	uint32_t busy = 0, bytes = sizeof(busy);

	if (!p->bridge_control)
		return 1;
	arch_copy(arch_reach_proc(p, p->bridge_control, &bytes), (uint32_t)&busy, bytes, &result);
	arch_windows_close();
	return result.fault || busy;
}

void raise_exception(struct proc *p, const struct pm_exception_req *exception)
{
	struct pm_exception_req *request = (void *)p->outgoing.m_bytes;

	if (proc_is_vital(p))
		panic_at(&p->regs, "%s died of signal %u: trap %u, error %x, address %x", p->name,
		         exception->signal, exception->trap, exception->error, exception->address);
	COUNT(exceptions);
	p->misc_flags &= ~(MF_DELIVER | MF_RESUME_CALL);
	p->vm_asked = 0;
	p->outgoing.m_type = PM_EXCEPTION;
	*request = *exception;
	request->fatal |= bridge_was_busy(p);
	ipc_send_for(p, boot_process(PM_PROC_NR), RTS_EXCEPTION);
}

void raise_segv(struct proc *p, uint32_t address)
{
	struct pm_exception_req exception = {.signal = SIGSEGV, .si_code = SEGV_MAPERR, .address = address};

	raise_exception(p, &exception);
}
