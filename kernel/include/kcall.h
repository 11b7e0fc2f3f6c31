/* SPDX-License-Identifier: MIT */
/* Kernel calls. */
#ifndef KERNEL_KCALL_H
#define KERNEL_KCALL_H

#include "copy.h"
#include "proc.h"

/* The trap: `address` is the caller's struct message. */
void kcall_trap(struct proc *caller, vir_bytes address);

/* Goes on with a call that was suspended; the caller is loaded and may run. */
void kcall_resume(struct proc *caller);

/*
 * Judges a call again, at the moment when VM takes up what the call has asked of it: VM can't be asked for
 * memory just now, and no interrupt is let in. KCALL_SUSPEND: it still asks, and caller->outgoing says for
 * what; otherwise VM gets nothing. KCALL_AGAIN: the call is to go on; anything else is its result.
 */
int kcall_judge_again(struct proc *caller);

/*
 * The handlers: OK or a negative errno, which becomes the reply's type, or a control result of copy.h. A
 * handler may be called again for the same request, after a suspension: it begins at its beginning and judges
 * everything anew.
 */
#define OP(number, NAME, name)                                                     \
	int do_##name(struct proc *caller, const struct sys_##name##_req *request, \
	              struct sys_##name##_rep *reply);
#include <granite/abi/ops/sys.def>
#undef OP

#endif
