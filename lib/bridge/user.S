/* SPDX-License-Identifier: MIT */
/*
 * Touching memory that the program named. When that faults the kernel goes on at the address in `resume`. It changes no
 * other register, so the stack pointer is still that of the function that faulted.
 */
#define RESUME	granite_bridge_control + 12	/* abi/bridge.h asserts it */

#define EFAULT	14

	.text
	.cfi_sections .debug_frame	/* not in the program, which has no use for it */

/* int32_t user_copy(void *to, const void *from, uint32_t bytes) */
	.globl	user_copy
	.type	user_copy, @function
user_copy:
	.cfi_startproc
	pushl	%esi
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset %esi, 0
	pushl	%edi
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset %edi, 0
	movl	12(%esp), %edi
	movl	16(%esp), %esi
	movl	20(%esp), %ecx
	movl	$copy_faulted, RESUME
	movl	%ecx, %edx
	shrl	$2, %ecx
	rep movsl
	movl	%edx, %ecx
	andl	$3, %ecx
	rep movsb
	xorl	%eax, %eax
copy_done:
	movl	$0, RESUME
	.cfi_remember_state
	popl	%edi
	.cfi_adjust_cfa_offset -4
	.cfi_restore %edi
	popl	%esi
	.cfi_adjust_cfa_offset -4
	.cfi_restore %esi
	ret
copy_faulted:
	.cfi_restore_state
	movl	$-EFAULT, %eax
	jmp	copy_done
	.cfi_endproc
	.size	user_copy, . - user_copy

/* int32_t user_strnlen(const char *string, uint32_t max) */
	.globl	user_strnlen
	.type	user_strnlen, @function
user_strnlen:
	.cfi_startproc
	movl	4(%esp), %ecx
	xorl	%eax, %eax
	movl	$length_faulted, RESUME
next_byte:
	cmpl	8(%esp), %eax
	je	length_done
	cmpb	$0, (%ecx,%eax)
	je	length_done
	incl	%eax
	jmp	next_byte
length_faulted:
	movl	$-EFAULT, %eax
length_done:
	movl	$0, RESUME
	ret
	.cfi_endproc
	.size	user_strnlen, . - user_strnlen

	.section .note.GNU-stack, "", @progbits
