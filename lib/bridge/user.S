/* SPDX-License-Identifier: MIT */
/*
 * Touching memory that the program named. When that faults the kernel goes on at the address in `resume`. It changes no
 * other register, so the stack pointer is still that of the function that faulted.
 */
#define RESUME	granite_bridge_control + 12	/* abi/bridge.h asserts it */

#define EFAULT	14

	.text

/* int32_t user_copy(void *to, const void *from, uint32_t bytes) */
	.globl	user_copy
	.type	user_copy, @function
user_copy:
	pushl	%esi
	pushl	%edi
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
	popl	%edi
	popl	%esi
	ret
copy_faulted:
	movl	$-EFAULT, %eax
	jmp	copy_done
	.size	user_copy, . - user_copy

/* int32_t user_strnlen(const char *string, uint32_t max) */
	.globl	user_strnlen
	.type	user_strnlen, @function
user_strnlen:
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
	.size	user_strnlen, . - user_strnlen

	.section .note.GNU-stack, "", @progbits
