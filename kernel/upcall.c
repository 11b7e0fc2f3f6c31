/* SPDX-License-Identifier: MIT */
#include "upcall.h"

#include <granite/abi/errno.h>
#include <stddef.h>

#include "arch.h"
#include "copy.h"
#include "counters.h"
#include "vmrequest.h"

/* p's stack or control record faulted at `address`. VM is asked, and p takes the trap or the upcall again
 * afterwards; what can't be had is p's SIGSEGV. */
static void ask_for(struct proc *p, vir_bytes address, uint32_t bytes)
{
	if (!copy_in_range(p, address, bytes) || vm_request(p, p, address, bytes, 1) != OK)
		raise_segv(p, address);
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

/* Copies the word at `offset` of p's bridge control to or from the kernel. 0, or the address that faulted. */
static uint32_t control_word(struct proc *p, uint32_t offset, uint32_t *word, int write)
{
	vir_bytes address = p->bridge_control + offset;
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

/* `busy` is written last: until then the upcall can be begun anew. */
static uint32_t enter_upcall(struct proc *p)
{
	uint32_t pc = arch_pc(p), one = 1;
	uint32_t fault = control_word(p, offsetof(struct bridge_control, eip), &pc, 1);

	if (!fault)
		fault = control_word(p, offsetof(struct bridge_control, busy), &one, 1);
	if (!fault)
		arch_set_pc(p, p->bridge_upcall);
	return fault;
}

void upcall_bounce(struct proc *p)
{
	uint32_t busy, fault, one = 1;

	if (!p->bridge_control) { /* it was taken away by exec */
		p->misc_flags &= ~MF_UPCALL;
		return;
	}
	fault = control_word(p, offsetof(struct bridge_control, busy), &busy, 0);
	if (!fault && busy)
		fault = control_word(p, offsetof(struct bridge_control, pending), &one, 1);
	else if (!fault)
		fault = enter_upcall(p);
	if (fault) {
		ask_for(p, fault & ~3u, 4);
		return;
	}
	p->vm_asked = 0;
	p->misc_flags &= ~MF_UPCALL;
}
