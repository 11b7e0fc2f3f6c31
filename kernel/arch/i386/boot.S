/* SPDX-License-Identifier: MIT */
/* The loader's way in: Multiboot Specification 0.6.96, sections 3.1 and 3.2. */

#define MULTIBOOT_HEADER_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS        0x3 /* modules on page boundaries; a memory map, please */

	.section .multiboot, "a"
	.balign 4
	.long MULTIBOOT_HEADER_MAGIC
	.long MULTIBOOT_FLAGS
	.long -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_FLAGS)

	.text
	.globl multiboot_entry
multiboot_entry:
	movl $kernel_stack_top, %esp
	xorl %ebp, %ebp
	pushl $0
	popfl
	pushl %ebx /* physical address of the information */
	pushl %eax /* the loader's magic */
	call i386_start

	.section .note.GNU-stack, "", @progbits
