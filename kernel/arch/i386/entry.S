/* SPDX-License-Identifier: MIT */
/*
 * In and out of the kernel. The TSS's esp0 points behind the running process's `regs`, so the processor and the stubs
 * here save its state right in the process table. Layout: struct arch_frame.
 *
 *     trap -> ss esp eflags cs eip | error vector | pushal | ds es -> kernel stack -> C -> switch_to_user()
 *
 * fs and gs stay the process's: the kernel never uses them, and they change only when another process runs.
 */
#include <granite/abi/ipc.h>
#include "selectors.h"
#include "stretch.h"

#define KERNEL_STACK_SIZE 16384
#define EXIT_FRAME_ROOM   512
#define FRAME_CS          52
#define FRAME_EIP         48
#define FRAME_EFLAGS      56
#define EFLAGS_VM         0x20000

	.bss
	.balign 16
	.globl kernel_stack, kernel_stack_top
kernel_stack:
	.skip KERNEL_STACK_SIZE
kernel_stack_top:

	.text

.macro SAVE
	pushal
	pushl %ds
	pushl %es
.endm

.macro KERNEL_SEGMENTS
	movl $KERNEL_DS, %edx
	movl %edx, %ds
	movl %edx, %es
	cld
.endm

/* --- traps: always from a process --- */

	.globl trap_ipc_entry
trap_ipc_entry:
	subl $8, %esp
	SAVE
	KERNEL_SEGMENTS
	movl $kernel_stack_top, %esp
	pushl %ebx
	pushl %eax
	pushl %ecx
	xorl %ebp, %ebp
	call trap_ipc

	.globl trap_kcall_entry
trap_kcall_entry:
	subl $8, %esp
	SAVE
	KERNEL_SEGMENTS
	movl $kernel_stack_top, %esp
	pushl %eax
	xorl %ebp, %ebp
	call trap_kcall

	.globl trap_syscall_entry
trap_syscall_entry:
	subl $8, %esp
	SAVE
	KERNEL_SEGMENTS
	movl $kernel_stack_top, %esp
	xorl %ebp, %ebp
	call trap_syscall

/* --- exceptions: %eax = the frame --- */

	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 9, 15, 16, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
exception_\n:
	pushl $0
	pushl $\n
	jmp exception_common
	.endr

	/* Those with an error code: Intel SDM vol. 3A, table 6-1. */
	.irp n, 8, 10, 11, 12, 13, 14, 17, 21
exception_\n:
	pushl $\n
	jmp exception_common
	.endr

exception_common:
	SAVE
	movl %esp, %eax
	KERNEL_SEGMENTS
	testl $EFLAGS_VM, FRAME_EFLAGS(%eax)
	jnz exception_in_v86
	testl $3, FRAME_CS(%eax)
	jz exception_in_kernel
	movl $kernel_stack_top, %esp
	pushl %eax
	xorl %ebp, %ebp
	call exception_from_process

exception_in_v86:
	movl $kernel_stack_top, %esp
	xorl %ebp, %ebp
	call exception_from_v86

exception_in_kernel:
	/* On the way out the stack is the process table: there is no room to work on. */
	movl FRAME_EIP(%eax), %edx
	cmpl $exit_begin, %edx
	jb 1f
	cmpl $exit_end, %edx
	jae 1f
	/* Or it is the kernel's after all, and the frame lies at its top: it must not be written over before it is read. */
	movl $kernel_stack_top - EXIT_FRAME_ROOM, %esp
	pushl %eax
	xorl %ebp, %ebp
	call exception_on_exit
1:
	pushl %eax
	call exception_from_kernel /* returns if it was in the copy routine */
	addl $4, %esp
	jmp return_to_kernel

/* --- interrupts --- */

	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
interrupt_\n:
	pushl $0
	pushl $\n
	jmp interrupt_common
	.endr

interrupt_common:
	SAVE
	movl %esp, %eax
	KERNEL_SEGMENTS
	testl $EFLAGS_VM, FRAME_EFLAGS(%eax)
	jnz interrupt_in_v86
	testl $3, FRAME_CS(%eax)
	jz 1f
	movl $kernel_stack_top, %esp
	pushl 40(%eax)
	xorl %ebp, %ebp
	call interrupt_from_process
1:	/* The kernel lets interrupts in where it idles and between the pieces of a long copy. */
	pushl 40(%eax)
	call interrupt_from_kernel
	addl $4, %esp
return_to_kernel:
	popl %es
	popl %ds
	popal
	addl $8, %esp
	iretl

interrupt_in_v86:
	movl $kernel_stack_top, %esp
	pushl 40(%eax)
	xorl %ebp, %ebp
	call interrupt_from_v86

/* --- out: a fault between exit_begin and exit_end is that of the process --- */

	.globl return_to_user, return_to_other, exit_begin, exit_popped, exit_end
return_to_other: /* (regs, fs, gs) */
	movl 4(%esp), %eax
	movl 8(%esp), %ecx
	movl 12(%esp), %edx
exit_begin:
	movl %ecx, %fs
	movl %edx, %gs
	movl %eax, %esp
	jmp 1f
return_to_user: /* (regs) */
	movl 4(%esp), %esp
1:
	popl %es
	popl %ds
	popal
exit_popped: /* from here on the process's registers are in the processor, not in its table entry */
	addl $8, %esp
	iretl
exit_end:

/* --- copying: a fault between begin and fault continues at fault, with the faulting address in %eax --- */

/* What phys_copy and phys_copy_long begin and end with: (from, to, bytes, done) are behind two registers on the stack. */
.macro COPY_START bytes
	pushl %esi
	pushl %edi
	movl 12(%esp), %esi
	movl 16(%esp), %edi
	movl 20(%esp), \bytes
	movl $FLAT_DS, %eax
	movl %eax, %ds
	movl %eax, %es
.endm

.macro COPY_END
	movl $KERNEL_DS, %ecx
	movl %ecx, %ds
	movl %ecx, %es
	subl 16(%esp), %edi
	movl 24(%esp), %ecx
	movl %edi, (%ecx)
	popl %edi
	popl %esi
	ret
.endm

/* uint32_t phys_copy(uint32_t from, uint32_t to, uint32_t bytes, uint32_t *done): 0, or the linear address that faulted. */
	.globl phys_copy, phys_copy_begin, phys_copy_fault
phys_copy:
	COPY_START %ecx
	movl %ecx, %edx
	shrl $2, %ecx
phys_copy_begin:
	rep movsl
	movl %edx, %ecx
	andl $3, %ecx
	rep movsb
	xorl %eax, %eax
phys_copy_fault:
	COPY_END

/*
 * uint32_t phys_copy_long(uint32_t from, uint32_t to, uint32_t bytes, uint32_t *done): the same for more than a stretch.
 * After each stretch interrupts are let in, and if one came the copy ends there. The interrupt's handlers set and restore
 * the segments.
 */
	.globl phys_copy_long, phys_copy_long_begin, phys_copy_long_fault
phys_copy_long:
	COPY_START %edx
	movl counters + COUNTERS_INTERRUPTS, %eax
phys_copy_long_begin:
1:	movl $COPY_STRETCH / 4, %ecx
	rep movsl
	sti
	nop
	cli
	cmpl counters + COUNTERS_INTERRUPTS, %eax
	jne 2f
	subl $COPY_STRETCH, %edx
	cmpl $COPY_STRETCH, %edx
	jae 1b
	movl %edx, %ecx
	shrl $2, %ecx
	rep movsl
	movl %edx, %ecx
	andl $3, %ecx
	rep movsb
2:	xorl %eax, %eax
phys_copy_long_fault:
	COPY_END

/* uint32_t copy_message(uint32_t from, uint32_t to): the same for the 64 bytes of a message, all of them or none that count. */
	.globl copy_message, copy_message_begin, copy_message_fault
copy_message:
	pushl %esi
	pushl %edi
	movl $FLAT_DS, %eax
	movl 12(%esp), %esi
	movl 16(%esp), %edi
	movl %eax, %ds
	movl %eax, %es
	movl $16, %ecx
copy_message_begin:
	rep movsl
	xorl %eax, %eax
copy_message_fault:
	movl $KERNEL_DS, %ecx
	movl %ecx, %ds
	movl %ecx, %es
	popl %edi
	popl %esi
	ret

/* phys_copy from the last byte to the first; *done counts from the end. */
	.globl phys_copy_backward, phys_copy_backward_begin, phys_copy_backward_fault
phys_copy_backward:
	pushl %esi
	pushl %edi
	movl 20(%esp), %ecx
	movl 12(%esp), %esi
	leal -1(%esi,%ecx), %esi
	movl 16(%esp), %edi
	leal -1(%edi,%ecx), %edi
	movl $FLAT_DS, %eax
	movl %eax, %ds
	movl %eax, %es
	std
phys_copy_backward_begin:
	rep movsb
	xorl %eax, %eax
phys_copy_backward_fault:
	cld
	movl $KERNEL_DS, %ecx
	movl %ecx, %ds
	movl %ecx, %es
	movl 16(%esp), %edx
	addl 20(%esp), %edx
	decl %edx
	subl %edi, %edx
	movl 24(%esp), %ecx
	movl %edx, (%ecx)
	popl %edi
	popl %esi
	ret

/* --- the vectors, for the interrupt descriptor table --- */

	.section .rodata
	.globl exception_vectors, interrupt_vectors
exception_vectors:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.long exception_\n
	.endr
	.irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.long exception_\n
	.endr
interrupt_vectors:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.long interrupt_\n
	.endr

	.section .note.GNU-stack, "", @progbits
