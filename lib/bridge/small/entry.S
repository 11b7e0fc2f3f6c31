/* SPDX-License-Identifier: MIT */
/*
 * The bridge of a small process. int 0x80 and `call *%gs:0x10` arrive here with the return address on the stack. No
 * signal ever comes, so it works on the process's own stack.
 */
#define CONTROL_BYTES	64	/* sizeof(struct bridge_control): abi/bridge.h asserts it */

	.bss
	.globl	granite_bridge_control
	.balign	CONTROL_BYTES
granite_bridge_control:
	.skip	CONTROL_BYTES

	.text
	.cfi_sections .debug_frame	/* not in the program, which has no use for it */
	.globl	granite_bridge_entry
	.type	granite_bridge_entry, @function
granite_bridge_entry:
	.cfi_startproc
	pushfl
	.cfi_adjust_cfa_offset 4
	pushal				/* struct small_regs */
	.cfi_adjust_cfa_offset 32
	.cfi_rel_offset %edi, 0
	.cfi_rel_offset %esi, 4
	.cfi_rel_offset %ebp, 8
	.cfi_rel_offset %ebx, 16
	cld
	pushl	%esp
	.cfi_adjust_cfa_offset 4
	call	small_bridge_call
	popl	%edx
	.cfi_adjust_cfa_offset -4
	popal
	.cfi_adjust_cfa_offset -32
	.cfi_restore %edi
	.cfi_restore %esi
	.cfi_restore %ebp
	.cfi_restore %ebx
	popfl
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_endproc
	.size	granite_bridge_entry, . - granite_bridge_entry

/* The kernel wants an address for signals too. To arrive here is an error, and hlt is an exception. */
	.globl	granite_bridge_upcall
	.type	granite_bridge_upcall, @function
granite_bridge_upcall:
	hlt
	.size	granite_bridge_upcall, . - granite_bridge_upcall

	.section .note.GNU-stack, "", @progbits
