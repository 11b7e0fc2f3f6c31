/* SPDX-License-Identifier: MIT */
/*
 * The ways into the bridge and the one way out of it.
 *
 * The program's stack, at the first instruction of either way in, and then:
 *
 *	esp -> eip to go on at			esp -> eflags
 *						       eip		struct bridge_return
 *
 * The bridge works on a stack of its own, so a program's small signal stack need not bear it too. It is one for all:
 * while `busy` is set nothing enters the bridge a second time, and when it is not set nothing on that stack counts.
 * Everything goes through %ss, the one data segment that is surely the program's flat one.
 *
 * A signal may come at any instruction. The kernel then looks at `busy`, which one instruction sets or clears:
 *
 *   entry, before busy is set     The upcall finds esp and the registers as the program had them, and eip here. The
 *                                 handler runs, and on its return the call is made: as if the signal had come just
 *                                 before it.
 *   upcall, before busy is set    The same. The second upcall fetches both signals; when their handlers have returned,
 *                                 the first one finds nothing to fetch and goes on.
 *   while busy is set             The kernel sets `pending`. Blocking calls come back with EINTR; any other call ends
 *                                 as if the signal had come after it, and leave sees `pending`.
 *   leave, after busy is clear    All registers, esp too, are the program's again, and the two words still needed are
 *                                 at esp, where an upcall does no harm. If `pending` was set as well, the upcall
 *                                 fetches both signals, and clears it.
 *   a handler that longjmps       leaves words on a stack that is abandoned, and nothing else: the bridge is not busy
 *                                 while a handler runs, and all signals noted so far have been fetched.
 */
#define BUSY	granite_bridge_control
#define PENDING	granite_bridge_control + 4

#define STACK_BYTES 8192

	.bss
	.balign	16
bridge_stack:
	.skip	STACK_BYTES
bridge_stack_top:

	.globl	granite_bridge_control
	.balign	8
granite_bridge_control:
	.skip	8

/* Pushes struct bridge_regs, and its address as an argument; esp is then divisible by 16, as the ABI wants it. */
.macro SAVE
	movl	%esp, %ss:bridge_stack_top - 4
	movl	$bridge_stack_top - 4, %esp
	pushl	%ds
	pushl	%es
	pushal
	pushl	%ss
	popl	%ds
	pushl	%ss
	popl	%es
	cld
	pushl	%esp
.endm

	.text

/* int 0x80 and `call *%gs:0x10` arrive here. */
	.globl	granite_bridge_entry
	.type	granite_bridge_entry, @function
granite_bridge_entry:
	movl	$1, %ss:BUSY
	pushfl
	SAVE
	call	bridge_call
leave:
	popl	%eax			/* the argument */
	popal
	popl	%es
	popl	%ds
	popl	%esp
	movl	$0, %ss:BUSY
	cmpl	$0, %ss:PENDING
	jne	again
	popfl
	ret
again:
	movl	$1, %ss:BUSY
	jmp	fetch
	.size	granite_bridge_entry, . - granite_bridge_entry

/* A signal arrives here, between any two instructions of the program. */
	.globl	granite_bridge_upcall
	.type	granite_bridge_upcall, @function
granite_bridge_upcall:
	movl	$1, %ss:BUSY
	pushfl
fetch:
	SAVE
	call	bridge_upcall
	jmp	leave
	.size	granite_bridge_upcall, . - granite_bridge_upcall

	.section .note.GNU-stack, "", @progbits
