/* SPDX-License-Identifier: MIT */
/* What the kernel asks of VM and PM on a process's behalf, and their verdicts. */
#ifndef KERNEL_VMREQUEST_H
#define KERNEL_VMREQUEST_H

#include <granite/abi/pm.h>

#include "proc.h"

/* p faulted at `address` in user mode; error: the processor's error code. */
void vm_page_fault(struct proc *p, vir_bytes address, uint32_t error);

/*
 * Asks VM to make [address, address + bytes) of `owner` present, and writable if `write`, for `caller`, which
 * waits. OK: asked. -EFAULT: VM itself is the caller, `owner` is small and has all its memory, or VM was
 * asked too often without progress.
 */
int vm_request(struct proc *caller, struct proc *owner, vir_bytes address, uint32_t bytes, int write);

/* VM or PM answers what was asked for `p`. 1: it did; 0: p waits for no verdict of `server`. */
int vm_verdict(struct proc *server, struct proc *p, int32_t result);

/* An exception for PM to judge. fatal: the process can not handle it. */
void raise_exception(struct proc *p, const struct pm_exception_req *exception);

/* The plain case: SIGSEGV at `address`. */
void raise_segv(struct proc *p, uint32_t address);

#endif
