/* SPDX-License-Identifier: MIT */
/*
 * The bridge of a small process. int 0x80 and `call *%gs:0x10` arrive here with the return address on the stack. No
 * signal ever comes, so it works on the process's own stack.
 */
#define CONTROL_BYTES	16	/* sizeof(struct bridge_control): abi/bridge.h asserts it */

	.bss
	.globl	granite_bridge_control
	.balign	CONTROL_BYTES
granite_bridge_control:
	.skip	CONTROL_BYTES

	.text
	.globl	granite_bridge_entry
	.type	granite_bridge_entry, @function
granite_bridge_entry:
	pushfl
	pushal				/* struct small_regs */
	cld
	pushl	%esp
	call	small_bridge_call
	popl	%edx
	popal
	popfl
	ret
	.size	granite_bridge_entry, . - granite_bridge_entry

/* The kernel wants an address for signals too. To arrive here is an error, and hlt is an exception. */
	.globl	granite_bridge_upcall
	.type	granite_bridge_upcall, @function
granite_bridge_upcall:
	hlt
	.size	granite_bridge_upcall, . - granite_bridge_upcall

	.section .note.GNU-stack, "", @progbits
