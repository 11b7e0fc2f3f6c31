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

/* What the kernel and PM know of a signal, in Linux's form. */
void siginfo_fill(struct linux_siginfo *info, uint32_t signal, int32_t code, uint32_t a, uint32_t b,
                  uint32_t c);

/* A signal that the processor raised: a is then the address, b the trap, c the error code. */
int signal_is_fault(uint32_t signal, int32_t code);

/* sigfpu.c: saves the FPU's registers in *state and gives the handler fresh ones; gets them back (0: fresh
 * ones). */
void sigfpu_save(struct linux_fpstate *state);
void sigfpu_restore(const struct linux_fpstate *state);

/* The part of it that needs no FPU: fsave's form of what fxsave wrote, and back. */
void sigfpu_to_plain(struct linux_fpstate *state);
void sigfpu_from_plain(struct linux_fxsave *fx, const struct linux_fpstate *state);

/* sigstack.c: where a frame goes that interrupts the program at `esp`, by the flags of the action. */
uint32_t sigstack_choose(uint32_t esp, uint32_t flags);

/* The program stood on the alternate stack, at `esp`, and a frame at `frame` would leave it. */
int sigstack_overflows(uint32_t esp, uint32_t frame);

/* The alternate stack, as it is for a program at `esp`. */
struct linux_sigaltstack sigstack_get(uint32_t esp);

/* Sets it. EPERM: `esp` is on it; EINVAL, ENOMEM (too small) as sigaltstack(2). */
int32_t sigstack_set(const struct linux_sigaltstack *stack, uint32_t esp);

#endif
