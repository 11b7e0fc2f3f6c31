/* SPDX-License-Identifier: MIT */
/* Signal frames: Linux/i386's, field by field. */
#ifndef BRIDGE_SIGFRAME_H
#define BRIDGE_SIGFRAME_H

#include <granite/abi/pm.h>

#include "bridge.h"

/*
 * Interrupts the program where *regs says, with a frame for `signal` on its stack (or its alternate one), so
 * that it goes on in the handler. A stack that can't bear the frame is the process's end.
 */
void sigframe_push(struct bridge_regs *regs, const struct pm_sigfetch_rep *signal);

/* The selectors in force. cs, ss, fs and gs are the program's own even while the bridge works. */
#define SEGMENT_REGISTER(name)                                             \
	static inline uint16_t current_##name(void)                        \
	{                                                                  \
		uint16_t selector;                                         \
                                                                           \
		__asm__ volatile("movw %%" #name ", %0" : "=r"(selector)); \
		return selector;                                           \
	}
SEGMENT_REGISTER(cs)
SEGMENT_REGISTER(ss)
SEGMENT_REGISTER(fs)
SEGMENT_REGISTER(gs)

/* Puts what PM tells of a signal (a, b, c: si_a, si_b, si_c of struct pm_sigfetch_rep) in Linux's form. */
void siginfo_fill(struct linux_siginfo *info, uint32_t signal, int32_t code, uint32_t a, uint32_t b,
                  uint32_t c);

/* Whether the processor has raised the signal: then a is the address, b the trap, c the error code. */
int signal_is_fault(uint32_t signal, int32_t code);

/* sigfpu.c: saves the FPU's registers in *state, and gives the handler fresh ones. */
void sigfpu_save(struct linux_fpstate *state);

/* Loads the FPU's registers from the struct linux_fpstate at `saved`, aligned or not; null: fresh ones. */
void sigfpu_restore(const void *saved);

/* The parts of these that need no FPU: fsave's form of what fxsave has written in state->fx, and back. */
void sigfpu_to_plain(struct linux_fpstate *state);
void sigfpu_from_plain(struct linux_fxsave *fx, const struct linux_fpstate *state);

/*
 * sigstack.c: the address below which a frame goes that interrupts
 * the program at `esp`. flags: the action's.
 */
uint32_t sigstack_choose(uint32_t esp, uint32_t flags);

/* Whether the program is on the alternate stack, at `esp`, and a frame at `frame` would overflow it. */
int sigstack_overflows(uint32_t esp, uint32_t frame);

/* The alternate stack, as sigaltstack(2) tells a program at `esp`. */
struct linux_sigaltstack sigstack_get(uint32_t esp);

/* Sets it. -EPERM: `esp` is on it; -EINVAL: unknown flags; -ENOMEM: too small. */
int32_t sigstack_set(const struct linux_sigaltstack *stack, uint32_t esp);

#endif
