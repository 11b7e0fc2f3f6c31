/* SPDX-License-Identifier: MIT */
/*
 * The kernel's files that deal with calls, beside VM in one program: what both have under the same name gets
 * another one here. Calls that kernel_machine.c has no file for are denied.
 */
#define GRANITE_KERNEL
#define vm_notes kernel_vm_notes
#define do_fork  kernel_do_fork
#define do_exec  kernel_do_exec

#include "kernel/vmrequest.c"

#include "kernel/kcall.c"

struct vm_notes *kernel_vm_notes;

#define OP(number, NAME, name)                                                                           \
	__attribute__((weak)) int do_##name(struct proc *caller, const struct sys_##name##_req *request, \
	                                    struct sys_##name##_rep *reply)                              \
	{                                                                                                \
		(void)caller;                                                                            \
		(void)request;                                                                           \
		(void)reply;                                                                             \
		return -ECALLDENIED;                                                                     \
	}
#include <granite/abi/ops/sys.def>
#undef OP
