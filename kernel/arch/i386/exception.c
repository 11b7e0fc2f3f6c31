/* SPDX-License-Identifier: MIT */
/* Exceptions, and the C side of the traps. Intel SDM vol. 3A, chapter 6. */
#include <granite/abi/errno.h>
#include <granite/abi/ipc.h>
#include <granite/abi/vm.h>

#include "vmassert.h"
#include "arch.h"
#include "copy.h"
#include "counters.h"
#include "ipc.h"
#include "irq.h"
#include "kcall.h"
#include "machine.h"
#include "panic.h"
#include "signals.h"
#include "step.h"
#include "symbols.h"
#include "trace.h"
#include "upcall.h"
#include "vmrequest.h"

enum {
	DIVIDE = 0,
	DEBUG_TRAP = 1,
	NON_MASKABLE = 2,
	BREAKPOINT = 3,
	INVALID_OPCODE = 6,
	NO_DEVICE = 7,
	GENERAL_PROTECTION = 13,
	PAGE_FAULT = 14,
	FPU_ERROR = 16,
	ALIGNMENT = 17,
	SIMD_ERROR = 19,
};

static const struct {
	uint8_t signal, si_code;
} signals[NR_EXCEPTIONS] = {
        [DIVIDE] = {SIGFPE, FPE_INTDIV},     [DEBUG_TRAP] = {SIGTRAP, TRAP_BRKPT},
        [BREAKPOINT] = {SIGTRAP, SI_KERNEL}, [INVALID_OPCODE] = {SIGILL, ILL_ILLOPN},
        [FPU_ERROR] = {SIGFPE, FPE_FLTINV},  [ALIGNMENT] = {SIGBUS, BUS_ADRALN},
        [SIMD_ERROR] = {SIGFPE, FPE_FLTINV},
};

/*
 * What a compiler puts where a program must not come, and with -fsanitize=undefined wherever its behaviour
 * would be undefined: ud2, or clang's ud1 with the reason as an operand.
 */
static int is_mark(const uint8_t code[2])
{
	return code[0] == 0x0f && (code[1] == 0x0b || code[1] == 0xb9);
}

static int stands_at_mark(struct proc *p)
{
	struct arch_copy_result result;
	uint8_t code[2] = {0};
	uint32_t bytes = sizeof(code);

	if (!copy_in_range(p, p->regs.eip, bytes))
		return 0;
	arch_copy(arch_reach_proc(p, p->regs.eip, &bytes), (uint32_t)code, bytes, &result);
	arch_windows_close();
	return is_mark(code);
}

static struct pm_exception_req describe(struct proc *p, uint32_t vector, uint32_t error, uint32_t address)
{
	return (struct pm_exception_req){
	        .signal = signals[vector].signal ? signals[vector].signal : SIGSEGV,
	        .si_code = signals[vector].signal ? signals[vector].si_code : SI_KERNEL,
	        .address = address,
	        .trap = vector,
	        .error = error,
	        .undefined = vector == INVALID_OPCODE && stands_at_mark(p),
	};
}

/* An instruction of p's raised it. Out of line: most exceptions are page faults. */
static __attribute__((noinline, cold)) void raise_for(struct proc *p, uint32_t vector, uint32_t error,
                                                      uint32_t address)
{
	const struct pm_exception_req exception = describe(p, vector, error, address);

	raise_in_user_mode(p, &exception);
}

/*
 * p can't go on in user mode as it is. So it must not be given another chance but by PM: it could make the
 * next one fail too, and the kernel would try for ever, with interrupts off.
 */
static void raise_and_hold(struct proc *p, uint32_t vector, uint32_t error, uint32_t address)
{
	const struct pm_exception_req exception = describe(p, vector, error, address);

	raise_exception(p, &exception);
	vmassert(!proc_runnable(p));
}

static void page_fault(struct proc *p, const struct arch_frame *frame)
{
	uint32_t linear = read_cr2();

	if (proc_small(p) || linear < PROC_BASE || linear - PROC_BASE >= PROC_SIZE)
		raise_for(p, PAGE_FAULT, frame->error, linear - p->arch.base);
	else
		vm_page_fault(p, linear - PROC_BASE, frame->error);
}

__attribute__((noreturn)) void exception_from_process(const struct arch_frame *frame)
{
	struct proc *p = current;

	COUNT(kernel_entries);
	vmassert(frame == &p->regs);
	if (frame->vector == PAGE_FAULT)
		page_fault(p, frame);
	else if (frame->vector == NON_MASKABLE)
		panic_at(frame, "non-maskable interrupt: the machine reports a fault of its own");
	else if (frame->vector == NO_DEVICE)
		fpu_device_not_available(p);
	else if (frame->vector != DEBUG_TRAP || !step_taken(p))
		raise_for(p, frame->vector, frame->error, frame->eip);
	switch_to_user();
}

/* Where the copy routines may fault, and where they go on. */
static const struct {
	const char *begin, *fault;
} recoveries[] = {
        {copy_message_begin, copy_message_fault},
        {phys_copy_begin, phys_copy_fault},
        {phys_copy_long_begin, phys_copy_long_fault},
        {phys_copy_backward_begin, phys_copy_backward_fault},
};

static uint32_t recovery_of(uint32_t eip)
{
	for (unsigned i = 0; i < sizeof(recoveries) / sizeof(recoveries[0]); i++)
		if (eip >= (uint32_t)recoveries[i].begin && eip < (uint32_t)recoveries[i].fault)
			return (uint32_t)recoveries[i].fault;
	return 0;
}

__attribute__((noreturn)) static void panic_at_mark(const struct arch_frame *frame)
{
	unsigned offset = 0;
	const char *name = symbol_find(frame->eip, &offset);

	panic_at(frame, "undefined behaviour in %s+%x", name ? name : "?", offset);
}

/* The only faults that the kernel expects of itself are those of the copy routines. */
void exception_from_kernel(struct arch_frame *frame)
{
	uint32_t recovery = recovery_of(frame->eip);

	if (frame->vector == INVALID_OPCODE && is_mark((const uint8_t *)frame->eip))
		panic_at_mark(frame);
	if (frame->vector != PAGE_FAULT || !recovery)
		panic_at(frame, "exception %u in the kernel, error %x, address %x", frame->vector,
		         frame->error, read_cr2());
	copy_fault_error = frame->error;
	frame->eax = read_cr2();
	frame->eip = recovery;
}

/*
 * The processor refused what the process left in its segment registers, or its eip: the process's SIGSEGV. If
 * it fell at iret, the registers were already out of the table entry, and the exception's frame has
 * overwritten them there.
 */
__attribute__((noreturn)) void exception_on_exit(const struct arch_frame *frame)
{
	struct arch_frame at_fault = *frame;
	struct proc *p = current;
	uint32_t ring = RPL(p->regs.cs) ? RPL(p->regs.cs) : 3;

	COUNT(kernel_entries);
	if (at_fault.eip >= (uint32_t)exit_popped) {
		p->regs.edi = at_fault.edi;
		p->regs.esi = at_fault.esi;
		p->regs.ebp = at_fault.ebp;
		p->regs.ebx = at_fault.ebx;
		p->regs.edx = at_fault.edx;
		p->regs.ecx = at_fault.ecx;
		p->regs.eax = at_fault.eax;
	}
	segments_forget(p);
	p->regs.cs = USER_CS_INDEX * 8 + ring;
	p->regs.ds = p->regs.es = p->regs.ss = USER_DS_INDEX * 8 + ring;
	raise_and_hold(p, at_fault.vector, at_fault.error, p->regs.eip);
	switch_to_user();
}

void interrupt_from_kernel(uint32_t irq)
{
	COUNT(interrupts);
	if (pic_is_spurious(irq))
		return;
	pic_end_of_interrupt(irq);
	irq_handle(irq);
}

/*
 * A process in virtual-8086 mode. The processor lets none get there (Intel SDM vol. 2, IRET), but QEMU 7.2
 * does, by iret in ring 3. The frame is four words longer then, and of no use: the process begins a SIGSEGV
 * with what it should have had.
 */
static void leave_v86(struct proc *p)
{
	segments_forget(p);
	p->regs.cs = USER_CS_INDEX * 8 + 3;
	p->regs.ds = p->regs.es = p->regs.ss = USER_DS_INDEX * 8 + 3;
	p->regs.eflags = EFLAGS_FIXED | EFLAGS_IF;
	raise_and_hold(p, GENERAL_PROTECTION, 0, 0);
}

__attribute__((noreturn)) void exception_from_v86(void)
{
	COUNT(kernel_entries);
	leave_v86(current);
	switch_to_user();
}

__attribute__((noreturn)) void interrupt_from_v86(uint32_t irq)
{
	COUNT(kernel_entries);
	interrupt_from_kernel(irq);
	leave_v86(current);
	switch_to_user();
}

__attribute__((noreturn)) void interrupt_from_process(uint32_t irq)
{
	COUNT(kernel_entries);
	interrupt_from_kernel(irq);
	switch_to_user();
}

/* --- traps --- */

/* Records the result of p's trap, if it is an error. Out of line, and from p's registers: see trace.h. */
__attribute__((noinline, cold)) static void trace_refused(const struct proc *p, endpoint_t other)
{
	if ((int32_t)p->regs.eax != OK)
		trace_put(EVENT_REFUSED, p->regs.ecx, p->endpoint, other, p->regs.eax, 0, 0);
}

__attribute__((noreturn)) void trap_ipc(uint32_t call, endpoint_t other, vir_bytes address)
{
	struct proc *p = current;
	int result;

	COUNT(kernel_entries);
	result = ipc_trap(p, call, other, address);
	if (result == IPC_RETRY)
		arch_retry_trap(p);
	else if (result != IPC_BLOCKED) {
		arch_set_result(p, result);
		TRACE(IPC, refused(p, other));
	}
	switch_to_user();
}

__attribute__((noreturn)) void trap_kcall(vir_bytes address)
{
	COUNT(kernel_entries);
	kcall_trap(current, address);
	switch_to_user();
}

__attribute__((noreturn)) void trap_syscall(void)
{
	COUNT(kernel_entries);
	syscall_bounce(current);
	switch_to_user();
}
