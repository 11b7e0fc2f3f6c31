/* SPDX-License-Identifier: MIT */
/* What the bridge's files share. README.md draws the way of a call and of a signal. */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <stddef.h>
#include <stdint.h>
#include <granite/abi/bridge.h>
#include <granite/pm.h>

#include "linux.h"

static inline void *user_pointer(uint32_t address)
{
	return (void *)(uintptr_t)address;
}

static inline uint32_t user_address(const void *pointer)
{
	return (uint32_t)(uintptr_t)pointer;
}

/*
 * user.S: the ways to memory whose address the program gave. OK, or -EFAULT if the program itself could
 * not use it so; then the part before may have been copied.
 */
int32_t user_copy(void *to, const void *from, uint32_t bytes);

/* The length of the string without its end, at most `max` (then it has no end so far), or -EFAULT. */
int32_t user_strnlen(const char *string, uint32_t max);

static inline int32_t user_get(void *to, uint32_t address, uint32_t bytes)
{
	return user_copy(to, user_pointer(address), bytes);
}

static inline int32_t user_put(uint32_t address, const void *from, uint32_t bytes)
{
	return user_copy(user_pointer(address), from, bytes);
}

/* As user_put, for a result that the program does not want if it gave address 0. */
static inline int32_t user_put_if(uint32_t address, const void *from, uint32_t bytes)
{
	return address ? user_put(address, from, bytes) : 0;
}

/* entry.S; the kernel knows these (sys_bridge). */
extern struct bridge_control granite_bridge_control;
void granite_bridge_entry(void);
void granite_bridge_upcall(void);

/* Called by start.S and entry.S. */
void bridge_start(uint32_t *stack);
void bridge_take_descriptors(const void *passed_on); /* struct pm_descriptors, of exec */
void bridge_take_pid(int32_t pid);
int32_t bridge_pid(void);
void bridge_call(struct bridge_regs *regs);
void bridge_upcall(struct bridge_regs *regs);

/*
 * deliver.c: the call `number` has ended with EINTR, which is in regs->eax. Makes the program run the
 * handlers, and perhaps make the call again; `restarts`: a handler's SA_RESTART asks for that.
 */
void bridge_interrupted(struct bridge_regs *regs, uint32_t number, int restarts);

/* The process is beyond help: SIGSEGV, which no handler catches because the bridge is busy. */
static inline _Noreturn void bridge_die(void)
{
	for (;;)
		__asm__ volatile("hlt");
}

/* errors.c: the errno, negated, that a program may see for `result`. */
int32_t bridge_result(int32_t result);

/* What becomes of a system call that a handler interrupts. Without a handler all are made again. */
enum bridge_kind {
	BRIDGE_PLAIN,    /* its result is EINTR */
	BRIDGE_RESTARTS, /* it is made again if the handler has SA_RESTART, else its result is EINTR */
	BRIDGE_RESTORES, /* it is not interrupted; it sets all registers, so there is no result */
};

#define CALL(number, function, kind) int32_t linux_##function(struct bridge_regs *regs);
#include "calls.def"
#undef CALL

#endif
