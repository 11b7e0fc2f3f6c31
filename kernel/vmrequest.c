/* SPDX-License-Identifier: MIT */
#include "vmrequest.h"

#include <granite/abi/errno.h>
#include <granite/abi/vm.h>

#include "arch.h"
#include "vmassert.h"
#include "copy.h"
#include "counters.h"
#include "ipc.h"
#include "kcall.h"
#include "log.h"
#include "notes.h"
#include "panic.h"
#include "sched.h"
#include "signals.h"
#include "string.h"

#define PAGE_FAULT_VECTOR 14

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

	if (caller->endpoint == VM_PROC_NR || proc_small(owner) || caller->misc_flags & MF_TAKEN_UP ||
	    ++caller->vm_asked > VM_ASK_MAX)
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

/* ---- Requests by grant, judged when VM takes them up ---- */

/*
 * Sends what is in caller->outgoing, but VM takes it up already if the call is only judged again. Whether VM
 * has it now; otherwise it is in VM's queue.
 */
static int ask_by_grant(struct proc *caller)
{
	if (caller->misc_flags & MF_TAKEN_UP)
		return 1;
	COUNT(vm_requests);
	ipc_send_for(caller, boot_process(VM_PROC_NR), RTS_VMREQUEST);
	return !(caller->rts_flags & RTS_SENDING);
}

/* The chain of the mapping that VM makes next. No more of it than there is: the rest may be anything. */
static void hand_over_chain(const struct grant_use *use)
{
	vm_notes->chain.depth = use->depth;
	for (uint32_t i = 0; i < use->depth; i++)
		vm_notes->chain.link[i] = use->link[i];
}

int vm_lend(struct proc *caller, const struct grant_use *use, vir_bytes address, uint32_t bytes,
            uint32_t flags)
{
	struct vm_lend_req *request = (void *)caller->outgoing.m_bytes;

	caller->outgoing.m_type = VM_LEND;
	request->owner = use->owner->endpoint;
	request->owner_address = use->address;
	request->address = address;
	request->bytes = bytes;
	request->flags = flags;
	if (ask_by_grant(caller))
		hand_over_chain(use);
	return KCALL_SUSPEND;
}

int vm_share(struct proc *caller, const struct copy_side *from, const struct copy_side *to, uint32_t offset,
             uint32_t bytes, uint32_t last)
{
	struct vm_share_req *request = (void *)caller->outgoing.m_bytes;
	struct proc *vm = boot_process(VM_PROC_NR);

	caller->outgoing.m_type = VM_SHARE;
	request->source = from->proc->endpoint;
	request->source_address = from->address + offset;
	request->destination = to->proc->endpoint;
	request->destination_address = to->address + offset;
	request->bytes = bytes;
	request->last = last;
	if (ask_by_grant(caller))
		sched_set(vm, SCHED_PRIO_UNDISTURBED, vm->quantum);
	return KCALL_SUSPEND;
}

static void end_call(struct proc *p, int32_t result)
{
	p->vm_verdict = result;
	p->misc_flags |= MF_CALL_ENDS;
}

int vm_take_up(struct proc *p)
{
	int result;

	if (p->outgoing.m_type != VM_LEND && p->outgoing.m_type != VM_SHARE)
		return 1;
	notes_apply(); /* VM has just answered another: what it noted comes before anything is read */
	result = kcall_judge_again(p);
	if (result != KCALL_SUSPEND && result != KCALL_AGAIN)
		end_call(p, result);
	return result == KCALL_SUSPEND;
}

/*
 * VM could not provide memory at `address` that p itself needs to go on. Where the bridge's control record is
 * missing, no handler can be run.
 */
static struct pm_exception_req memory_fault(const struct proc *p, int32_t result, vir_bytes address)
{
	if (result == -ENOMEM)
		klog("[kernel] out of memory: %s (endpoint %d) is ended\n", p->name, p->endpoint);
	return (struct pm_exception_req){
	        .signal = result == -ENOMEM ? SIGKILL : SIGSEGV,
	        .si_code = result == -EACCES ? SEGV_ACCERR : SEGV_MAPERR,
	        .address = address,
	        .fatal = address - p->bridge_control < sizeof(struct bridge_control),
	};
}

static void raise_memory_fault(struct proc *p, int32_t result, vir_bytes address)
{
	const struct pm_exception_req exception = memory_fault(p, result, address);

	raise_exception(p, &exception);
}

void raise_segv(struct proc *p, uint32_t address)
{
	raise_memory_fault(p, -EFAULT, address);
}

/* Out of line, for most faults end well. */
static __attribute__((noinline, cold)) void raise_page_fault(struct proc *p, int32_t result)
{
	const struct vm_pagefault_req *request = (void *)p->outgoing.m_bytes;
	struct pm_exception_req exception = memory_fault(p, result, request->address);

	exception.trap = PAGE_FAULT_VECTOR;
	exception.error = request->error;
	raise_in_user_mode(p, &exception);
}

static void page_fault_verdict(struct proc *p, int32_t result)
{
	proc_clear_flags(p, RTS_PAGEFAULT);
	if (result != OK)
		raise_page_fault(p, result);
}

/* A kernel call goes on and sees the verdict; without its message, or the bridge's stack, p can't go on. */
static void memory_request_verdict(struct proc *p, int32_t result)
{
	const struct vm_memreq_req *request = (void *)p->outgoing.m_bytes;

	if (p->misc_flags & MF_RESUME_CALL)
		p->vm_verdict = result;
	else if (result != OK)
		raise_memory_fault(p, result, request->address);
}

static void share_verdict(struct proc *p, int32_t result)
{
	const struct vm_share_req *request = (void *)p->outgoing.m_bytes;

	if (result != OK)
		p->misc_flags |= MF_NO_SHARING;
	else if (request->last)
		end_call(p, OK);
	else
		p->call_done += request->bytes;
}

static void request_verdict(struct proc *vm, struct proc *p, int32_t result)
{
	proc_clear_flags(p, RTS_VMREQUEST);
	switch (p->outgoing.m_type) {
	case VM_LEND:
		end_call(p, result);
		break;
	case VM_SHARE:
		sched_set(vm, SCHED_PRIO_VM, vm->quantum);
		share_verdict(p, result);
		break;
	default:
		memory_request_verdict(p, result);
	}
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
		request_verdict(server, p, result);
		return 1;
	}
	if (server->endpoint == PM_PROC_NR && p->rts_flags & RTS_EXCEPTION) {
		proc_clear_flags(p, RTS_EXCEPTION);
		return 1;
	}
	return 0;
}

/* What p's bridge says of itself. Without one, or when that can't be read, no handler of p's can be run
 * either. */
static struct bridge_control bridge_state(struct proc *p)
{
	struct bridge_control control;

	notes_apply();
	if (p->bridge_control && copy_at_once(p, p->bridge_control, &control, sizeof(control)))
		return control;
	return (struct bridge_control){.busy = 1};
}

static void tell_pm(struct proc *p, const struct pm_exception_req *exception, uint32_t busy)
{
	struct pm_exception_req *request = (void *)p->outgoing.m_bytes;

	if (proc_is_vital(p))
		panic_at(&p->regs, "%s died of signal %u: %strap %u, error %x, address %x", p->name,
		         exception->signal, exception->undefined ? "undefined behaviour, " : "",
		         exception->trap, exception->error, exception->address);
	COUNT(exceptions);
	p->misc_flags &= ~(MF_DELIVER | MF_RESUME_CALL | MF_CALL_ENDS | MF_NO_SHARING);
	p->call_done = p->vm_asked = 0;
	p->outgoing.m_type = PM_EXCEPTION;
	*request = *exception;
	request->fatal |= busy != 0; /* a handler would enter the bridge again */
	if (request->fatal)
		p->misc_flags &= ~MF_UPCALL;
	ipc_send_for(p, boot_process(PM_PROC_NR), RTS_EXCEPTION);
}

void raise_exception(struct proc *p, const struct pm_exception_req *exception)
{
	tell_pm(p, exception, bridge_state(p).busy);
}

/* The bridge was touching memory that the program had named: it gives the program an EFAULT. */
static int bridge_resumes(const struct proc *p, const struct bridge_control *control,
                          const struct pm_exception_req *exception)
{
	return control->busy && control->resume && copy_in_range(p, control->resume, 1) &&
	       exception->signal == SIGSEGV;
}

void raise_in_user_mode(struct proc *p, const struct pm_exception_req *exception)
{
	const struct bridge_control control = bridge_state(p);

	if (bridge_resumes(p, &control, exception))
		arch_set_pc(p, control.resume);
	else
		tell_pm(p, exception, control.busy);
}
