/* SPDX-License-Identifier: MIT */
/*
 * What the kernel and a process's bridge agree on (sys_bridge). They share a struct bridge_control:
 *
 * - int 0x80: the kernel pushes the eip behind it on the process's stack and jumps to `entry`. The bridge
 *   sets `busy`, and clears it when it leaves.
 * - A signal waits, and `busy` is not set: the kernel sets it, stores the interrupted eip in `eip` and jumps
 *   to `upcall`. It does not touch the process's stack, for that may be what is wrong.
 * - A signal waits, and `busy` is set: the kernel sets `pending`. The bridge looks there before it leaves.
 * - An instruction raises a SIGSEGV while `busy` and `resume` are set: the program gave the bridge a bad
 *   address. The kernel continues at `resume`, if that lies within the process.
 * - Any other exception while `busy` is set can't be handled by the process: it dies.
 *
 * The kernel keeps all registers but those named.
 *
 * What a call needs of the program's memory the bridge lends to the server by one grant of its own, `loan`,
 * for as long as the call lasts (sys_loans has the numbers): whatever the program does with its table of
 * grants, its calls go on working. They do not where it has named another record to the kernel.
 *
 * Behind the record lies the bridge's own stack. At its top are the program's registers, while `busy` is set
 * and the bridge has had the time to put them there. Nobody but the bridge depends on that; it is for those
 * who show where a process was.
 */
#ifndef GRANITE_ABI_BRIDGE_H
#define GRANITE_ABI_BRIDGE_H

#include <stddef.h>
#include <stdint.h>
#include <granite/abi/grant.h>

struct bridge_control {
	uint32_t busy;        /* not 0 while the bridge runs */
	uint32_t pending;     /* set to 1 by the kernel: PM has a signal to fetch */
	uint32_t eip;         /* written by the kernel with an upcall: where the process was */
	uint32_t resume;      /* written by the bridge: where to go on after a SIGSEGV, or 0 */
	struct cp_grant loan; /* of GRANT_LOAN_SLOT */
	uint32_t unused[2];
} __attribute__((aligned(64))); /* so that it never lies across two pages */

/* As the bridge's entry.S pushes and pops them. */
struct bridge_regs {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax; /* popal's order */
	uint32_t es, ds;
	uint32_t eflags, eip, esp;
};

#define BRIDGE_STACK_BYTES 8192
#define BRIDGE_REGS_OFFSET \
	(sizeof(struct bridge_control) + BRIDGE_STACK_BYTES - 8 - sizeof(struct bridge_regs))

/* The bridge's assembly has these numbers. */
_Static_assert(offsetof(struct bridge_control, busy) == 0, "BUSY");
_Static_assert(offsetof(struct bridge_control, pending) == 4, "PENDING");
_Static_assert(offsetof(struct bridge_control, eip) == 8, "EIP");
_Static_assert(offsetof(struct bridge_control, resume) == 12, "RESUME");
_Static_assert(sizeof(struct bridge_control) == 64, "CONTROL_BYTES");
_Static_assert(BRIDGE_STACK_BYTES == 8192, "STACK_BYTES");
_Static_assert(sizeof(struct bridge_regs) == 52, "what is pushed");
_Static_assert(offsetof(struct bridge_regs, eflags) == 40, "REGS_EFLAGS and those behind it");

#endif
