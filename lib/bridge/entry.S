/* SPDX-License-Identifier: MIT */
/*
 * The ways into the bridge and the one way out of it.
 *
 * The bridge works on a stack of its own, so a program's small signal stack need not bear it too. It is one for all:
 * while `busy` is set nothing enters the bridge a second time, and when it is not set nothing on that stack counts.
 * Everything goes through %ss, the one data segment that is surely the program's flat one.
 *
 * On the way out two words are still needed when the program has all its other registers back. So they lie on the
 * program's own stack, right below what it has there:
 *
 *	esp -> eflags		for popfl
 *	       eip		for ret
 *	       ...		the program's
 *
 * A signal may come at any instruction. The kernel then looks at `busy`, which one instruction sets or clears:
 *
 *   entry, before busy is set     The upcall finds esp and the registers as the program had them, and eip here. The
 *                                 handler runs, and on its return the call is made: as if the signal had come just
 *                                 before it.
 *   while busy is set             The kernel sets `pending`. Blocking calls come back with EINTR; any other call ends
 *                                 as if the signal had come after it, and leave sees `pending`. An upcall sets busy
 *                                 itself.
 *   leave, after busy is clear    The upcall finds the program's registers, eip here, and below esp nothing that
 *                                 counts. If `pending` was set as well it fetches both signals, and clears it.
 *   a handler that longjmps       leaves words on a stack that is abandoned, and nothing else: the bridge is not busy
 *                                 while a handler runs, and all signals noted so far have been fetched.
 */
/* The fields of struct bridge_control; abi/bridge.h asserts where they are. */
#define BUSY	granite_bridge_control
#define PENDING	granite_bridge_control + 4
#define EIP	granite_bridge_control + 8

#define CONTROL_BYTES	64
#define STACK_BYTES	8192

/* In struct bridge_regs. */
#define REGS_EFLAGS	40
#define REGS_EIP	44
#define REGS_ESP	48

	.bss
	.globl	granite_bridge_control
	.balign	CONTROL_BYTES
granite_bridge_control:
	.skip	CONTROL_BYTES
bridge_stack:
	.skip	STACK_BYTES
bridge_stack_top:

/*
 * For debuggers (DWARF 4, 6.4): from here on the program's registers are in the struct bridge_regs that lies `offset`
 * bytes, less than 12, above esp. The numbers are DW_CFA_def_cfa_expression, DW_CFA_expression (16), DW_OP_breg4 (0x74:
 * esp plus what follows), DW_OP_deref (6) and the registers' numbers in the System V ABI.
 */
.macro REGS_AT offset
	.cfi_escape 0x0f, 3, 0x74, \offset + REGS_ESP, 0x06
	.cfi_escape 16, 8, 2, 0x74, \offset + REGS_EIP
	.cfi_escape 16, 7, 2, 0x74, \offset + 0
	.cfi_escape 16, 6, 2, 0x74, \offset + 4
	.cfi_escape 16, 5, 2, 0x74, \offset + 8
	.cfi_escape 16, 3, 2, 0x74, \offset + 16
	.cfi_escape 16, 2, 2, 0x74, \offset + 20
	.cfi_escape 16, 1, 2, 0x74, \offset + 24
	.cfi_escape 16, 0, 2, 0x74, \offset + 28
.endm

/* While they are on their way: it can't be told who was the caller. */
.macro REGS_MOVE
	.cfi_def_cfa %esp, 0
	.cfi_undefined %eip
.endm

/*
 * Saves the program's registers in a struct bridge_regs, from its end to its start, and calls `function` with its
 * address. All registers are still the program's, but for eip, which is in EIP. esp is saved 12 bytes below the stack's
 * top, so that the stack pointer is divisible by 16 at the call, as the ABI wants it.
 */
.macro WORK function
	movl	%esp, %ss:bridge_stack_top - 12
	movl	$bridge_stack_top - 12, %esp
	pushl	%ss:EIP
	pushfl
	pushl	%ds
	pushl	%es
	pushal
	pushl	%ss
	popl	%ds
	pushl	%ss
	popl	%es
	cld
	pushl	%esp
	REGS_AT	4
	call	\function
	popl	%eax
	REGS_AT	0
.endm

	.text
	.cfi_sections .debug_frame	/* not in the program, which has no use for it */

/* int 0x80 and `call *%gs:0x10` arrive here, the address to go on at on the stack. */
	.globl	granite_bridge_entry
	.type	granite_bridge_entry, @function
granite_bridge_entry:
	.cfi_startproc
	movl	$1, %ss:BUSY
	popl	%ss:EIP
	REGS_MOVE
	WORK	bridge_call
/* Back to the program, as the struct bridge_regs at esp now says. */
leave:
	movl	REGS_ESP(%esp), %edx
	movl	REGS_EIP(%esp), %eax
	movl	%eax, -4(%edx)
	movl	REGS_EFLAGS(%esp), %eax
	movl	%eax, -8(%edx)
	subl	$8, %edx
	movl	%edx, REGS_ESP(%esp)
	REGS_MOVE
	popal
	popl	%es
	popl	%ds
	movl	REGS_ESP - REGS_EFLAGS(%esp), %esp
	movl	$0, %ss:BUSY
	cmpl	$0, %ss:PENDING
	jne	again
	popfl
	ret
/* A signal was noted meanwhile: as if it arrived now, at the instruction that the program is about to go on with. */
again:
	movl	$1, %ss:BUSY
	popfl
	popl	%ss:EIP
	.cfi_endproc
	.size	granite_bridge_entry, . - granite_bridge_entry
/* A signal arrives here, between any two instructions of the program; the kernel has set `busy` and `eip`. */
	.globl	granite_bridge_upcall
	.type	granite_bridge_upcall, @function
granite_bridge_upcall:
	.cfi_startproc
	REGS_MOVE
	WORK	bridge_upcall
	jmp	leave
	.cfi_endproc
	.size	granite_bridge_upcall, . - granite_bridge_upcall

	.section .note.GNU-stack, "", @progbits
