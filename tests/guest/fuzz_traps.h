/* SPDX-License-Identifier: MIT */
/* The fuzzer's traps: any vector, with anything in the registers. */
#ifndef GUEST_FUZZ_TRAPS_H
#define GUEST_FUZZ_TRAPS_H

#include "fuzz_calls.h"

/* In popal's order, then what is loaded before the trap and after them. */
static struct trap_registers {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax;
	uint32_t eflags, esp;
} trap_registers;

static uint32_t trap_stack, trap_result, trap_code, trap_return;
static vir_bytes trap_page;

/* int vector; jmp *trap_return: on i386 what can be read can be executed. */
static inline void write_trap(uint8_t vector)
{
	const uint32_t where = AT(&trap_return);
	uint8_t code[8] = {0xcd, vector, 0xff, 0x25};
	memcpy(code + 4, &where, sizeof(where));
	memcpy(POINTER(trap_page), code, sizeof(code));
	trap_code = trap_page;
}

static inline int trap(void)
{
	__asm__ volatile("pushal\n\t"
	                 "movl %%esp, %[stack]\n\t"
	                 "movl $1f, %[back]\n\t"
	                 "movl %[registers], %%esp\n\t"
	                 "popal\n\t"
	                 "movl %[stack], %%esp\n\t"
	                 "pushl %[eflags]\n\t"
	                 "popfl\n\t"
	                 "movl %[esp], %%esp\n\t"
	                 "jmp *%[code]\n"
	                 "1:\n\t"
	                 "movl %[stack], %%esp\n\t"
	                 "movl %%eax, %[result]\n\t"
	                 "pushl $0x202\n\t"
	                 "popfl\n\t"
	                 "popal"
	                 : [stack] "+m"(trap_stack), [back] "+m"(trap_return), [result] "+m"(trap_result)
	                 : [registers] "i"(&trap_registers), [code] "m"(trap_code),
	                   [eflags] "m"(trap_registers.eflags), [esp] "m"(trap_registers.esp)
	                 : "memory", "cc");
	return (int)trap_result;
}

#define EFLAGS_MADE 0x44fd5u /* carry to sign, trap, direction, nested task, alignment check */

static inline void roll_registers(void)
{
	uint32_t *words = (uint32_t *)&trap_registers, stack;
	for (uint32_t i = 0; i < sizeof(trap_registers) / 4; i++)
		words[i] = any_word();
	trap_registers.eflags = 0x202 | (once_in(8) ? roll() & EFLAGS_MADE : 0);
	__asm__("movl %%esp, %0" : "=r"(stack));
	trap_registers.esp = once_in(24) ? any_address(64) : stack - 0x1000;
}

/* A trap that is no system call, or one with whatever the registers hold. */
static inline int trap_with_anything(void)
{
	const uint8_t vectors[] = {IPC_VECTOR, KCALL_VECTOR, 1, 3, 4, (uint8_t)roll(), (uint8_t)roll()};
	uint8_t vector = PICK(vectors);
	if (vector == SYSCALL_VECTOR)
		return call_linux();
	roll_registers();
	if (vector == IPC_VECTOR &&
	    waits_for_nothing(trap_registers.ecx = below(IPC_NR + 1), (endpoint_t)trap_registers.eax))
		return SPARED;
	if (sigsetjmp(survived, 0))
		return KILLED;
	write_trap(vector);
	int result = trap();
	see_who_i_am();
	return result;
}

#endif
