/* SPDX-License-Identifier: MIT */
#include "upcall.h"

#include <granite/abi/errno.h>
#include <stddef.h>

#include "arch.h"
#include "copy.h"
#include "counters.h"
#include "vmrequest.h"

/* A fault on p's stack or control word: VM is asked, p takes the trap or the upcall again, or it is p's
 * SIGSEGV. */
static void ask_for(struct proc *p, vir_bytes address, uint32_t bytes)
{
	if (!copy_in_range(p, address, bytes) || vm_request(p, p, address, bytes, 1) != OK) {
		p->misc_flags &= ~MF_UPCALL;
		raise_segv(p, address);
	}
}

void syscall_bounce(struct proc *p)
{
	uint32_t fault;

	COUNT(syscall_bounces);
	if (!p->bridge_entry) {
		raise_segv(p, 0);
		return;
	}
	fault = arch_bounce(p, p->bridge_entry);
	if (fault) {
		arch_retry_trap(p);
		ask_for(p, fault & ~3u, 4);
		return;
	}
	p->vm_asked = 0;
}

/* Copies one word between the kernel and p's bridge control. 0, or the address that faulted. */
static uint32_t copy_word(struct proc *p, vir_bytes address, uint32_t *word, int write)
{
	struct arch_copy_result result;
	uint32_t bytes = sizeof(*word);
	uint32_t linear = arch_reach_proc(p, address, &bytes);

	if (write)
		arch_copy((uint32_t)word, linear, bytes, &result);
	else
		arch_copy(linear, (uint32_t)word, bytes, &result);
	arch_windows_close();
	return result.fault ? address : 0;
}

void upcall_bounce(struct proc *p)
{
	uint32_t busy, fault, one = 1;

	if (!p->bridge_control) { /* it was taken away by exec */
		p->misc_flags &= ~MF_UPCALL;
		return;
	}
	fault = copy_word(p, p->bridge_control + offsetof(struct bridge_control, busy), &busy, 0);
	if (!fault && busy)
		fault = copy_word(p, p->bridge_control + offsetof(struct bridge_control, pending), &one, 1);
	else if (!fault)
		fault = arch_bounce(p, p->bridge_upcall);
	if (fault) {
		ask_for(p, fault & ~3u, 4);
		return;
	}
	p->vm_asked = 0;
	p->misc_flags &= ~MF_UPCALL;
}
