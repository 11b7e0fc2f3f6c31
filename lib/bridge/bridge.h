/* SPDX-License-Identifier: MIT */
/* What the bridge's files share. README.md draws the way of a call and of a signal. */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <stdint.h>
#include <granite/abi/bridge.h>
#include <granite/pm.h>

#include "linux.h"

/*
 * A program's registers while the bridge works, on the bridge's own stack. entry.S writes them in this order;
 * the first eight are as popal wants them.
 */
struct bridge_regs {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax;
	uint32_t es, ds;
	uint32_t top; /* address of the struct bridge_return on the program's stack */
};

/* What lies on the program's stack while the bridge works. The program's own esp is right behind it. */
struct bridge_return {
	uint32_t eflags, eip;
};

_Static_assert(sizeof(struct bridge_regs) == 44, "what entry.S pushes");

static inline void *user_pointer(uint32_t address)
{
	return (void *)(uintptr_t)address;
}

static inline uint32_t user_address(const void *pointer)
{
	return (uint32_t)(uintptr_t)pointer;
}

static inline struct bridge_return *bridge_return_of(const struct bridge_regs *regs)
{
	return user_pointer(regs->top);
}

static inline uint32_t bridge_user_esp(const struct bridge_regs *regs)
{
	return regs->top + sizeof(struct bridge_return);
}

/* Makes the program go on at eip, with these flags and this stack pointer. Writes below esp. */
static inline void bridge_set_return(struct bridge_regs *regs, uint32_t eip, uint32_t eflags, uint32_t esp)
{
	regs->top = esp - sizeof(struct bridge_return);
	*bridge_return_of(regs) = (struct bridge_return){.eflags = eflags, .eip = eip};
}

/* entry.S; the kernel knows these (sys_bridge). */
extern struct bridge_control granite_bridge_control;
void granite_bridge_entry(void);
void granite_bridge_upcall(void);

/* Called by start.S and entry.S. */
void bridge_start(uint32_t *stack);
void bridge_call(struct bridge_regs *regs);
void bridge_upcall(struct bridge_regs *regs);

/* deliver.c: call `number` ended with EINTR, which is in regs->eax. Runs the handlers; `restarts`: SA_RESTART
 * counts. */
void bridge_interrupted(struct bridge_regs *regs, uint32_t number, int restarts);

/* The process is beyond help: SIGSEGV, which no handler catches because the bridge is busy. */
static inline _Noreturn void bridge_die(void)
{
	for (;;)
		__asm__ volatile("hlt");
}

/* errors.c: the errno, negated, that a program may see for `result`. */
int32_t bridge_result(int32_t result);

/* Whether a system call is made again when a signal interrupts it. */
enum bridge_kind {
	BRIDGE_PLAIN,    /* EINTR is the result if a handler ran */
	BRIDGE_RESTARTS, /* not if the handler has SA_RESTART */
	BRIDGE_RESTORES, /* it sets all registers, so there is no result */
};

#define CALL(number, function, kind) int32_t linux_##function(struct bridge_regs *regs);
#include "calls.def"
#undef CALL

#endif
