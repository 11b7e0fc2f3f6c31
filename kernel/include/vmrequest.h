/* SPDX-License-Identifier: MIT */
/* What the kernel asks of VM and PM on a process's behalf, and their verdicts. */
#ifndef KERNEL_VMREQUEST_H
#define KERNEL_VMREQUEST_H

#include <granite/abi/pm.h>

#include "copy.h"
#include "grant.h"
#include "proc.h"

/* p faulted at `address` in user mode; error: the processor's error code. */
void vm_page_fault(struct proc *p, vir_bytes address, uint32_t error);

/*
 * Asks VM to make [address, address + bytes) of `owner` present, and writable if `write`, for `caller`, which
 * waits. OK: asked. -EFAULT: VM itself is the caller, `owner` is small and has all its memory, or VM was
 * asked too often without progress.
 */
int vm_request(struct proc *caller, struct proc *owner, vir_bytes address, uint32_t bytes, int write);

/*
 * Asks VM to map what a grant was judged to give at `address` of the caller's; flags: VM_LEND_*. The chain of
 * grants goes along when VM has the request. KCALL_SUSPEND, and the call ends with VM's verdict.
 */
int vm_lend(struct proc *caller, const struct grant_use *use, vir_bytes address, uint32_t bytes,
            uint32_t flags);

/*
 * Asks VM to share whole pages, from `offset` on, instead of copying them. KCALL_SUSPEND. When VM has shared
 * them the call goes on behind them, or is over if they were the `last`; otherwise it goes on at `offset`,
 * with MF_NO_SHARING. While VM has the request, it has a priority at which nobody disturbs it.
 */
int vm_share(struct proc *caller, const struct copy_side *from, const struct copy_side *to, uint32_t offset,
             uint32_t bytes, uint32_t last);

/*
 * VM is about to take p's request from its queue. One by grant (VM_LEND, VM_SHARE) is judged again now, and
 * from here on no revocation can come between: what revokes a mapping is a call of VM's, and waits; while VM
 * shares pages nobody else runs. 1: VM gets the request; 0: it does not stand any more, and p's call goes on.
 */
int vm_take_up(struct proc *p);

/* VM or PM answers what was asked for `p`. 1: it did; 0: p waits for no verdict of `server`. */
int vm_verdict(struct proc *server, struct proc *p, int32_t result);

/* Out of line: the compiler would put them into the ways that are hot. */
#define COLD __attribute__((noinline, cold))

/* An exception for PM to judge. p does not run until PM has. fatal: the process can not handle it. */
COLD void raise_exception(struct proc *p, const struct pm_exception_req *exception);

/*
 * Likewise, for what p did in user mode: but its bridge may have said where it goes on after a SIGSEGV, and
 * then it does that at once. Never for what the kernel met on p's behalf, or on the way out to p: only a
 * process that has run, with interrupts on, may run on without anybody's leave.
 */
COLD void raise_in_user_mode(struct proc *p, const struct pm_exception_req *exception);

/* The plain case: SIGSEGV at `address`. */
COLD void raise_segv(struct proc *p, uint32_t address);

#undef COLD

#endif
