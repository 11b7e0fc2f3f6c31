/* SPDX-License-Identifier: MIT */
/*
 * Where exec starts a program. The C library's _start wants the stack pointer as exec left it (argc, arguments,
 * environment, auxiliary vector), and clear registers.
 */
	.text
	.cfi_sections .debug_frame	/* not in the program, which has no use for it */
	.globl	granite_start
	.type	granite_start, @function
granite_start:
	.cfi_startproc
	.cfi_undefined %eip		/* nobody has called it */
	movl	%esp, %ebx
	andl	$-16, %esp
	subl	$12, %esp
	pushl	%ebx
	call	bridge_start
	movl	%ebx, %esp
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%ebp, %ebp
	jmp	_start
	.cfi_endproc
	.size	granite_start, . - granite_start

	.section .note.GNU-stack, "", @progbits
