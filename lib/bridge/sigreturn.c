/* SPDX-License-Identifier: MIT */
/*
 * The return from a handler. A frame is the program's own memory, so whatever stands in it is only what the
 * program could do to itself anyhow: registers are loaded in user mode, and a selector or an mxcsr that the
 * processor refuses is the process's SIGSEGV. Code and stack segment can't be loaded alone; there is just one
 * of each to have.
 */
#include <granite/abi/errno.h>

#include "sigframe.h"

#define SIG_SETMASK_LINUX 2

static void restore_segments(struct bridge_regs *regs, const struct linux_sigcontext *sc)
{
	if (sc->cs != current_cs() || sc->ss != current_ss())
		bridge_die();
	regs->ds = sc->ds;
	regs->es = sc->es;
	__asm__ volatile("movw %0, %%fs" : : "r"(sc->fs));
	__asm__ volatile("movw %0, %%gs" : : "r"(sc->gs));
}

static void restore_registers(struct bridge_regs *regs, const struct linux_sigcontext *sc)
{
	regs->edi = sc->edi;
	regs->esi = sc->esi;
	regs->ebp = sc->ebp;
	regs->ebx = sc->ebx;
	regs->edx = sc->edx;
	regs->ecx = sc->ecx;
	regs->eax = sc->eax;
	bridge_set_return(regs, sc->eip, sc->eflags, sc->esp);
}

/* With the old mask other signals may be deliverable at once: they are noted, and entry.S sees them when
 * leaving. */
static void restore_mask(uint32_t low, uint32_t high)
{
	union pm_sigprocmask_message call;

	call.req = (struct pm_sigprocmask_req){.how = SIG_SETMASK_LINUX, .set = (uint64_t)high << 32 | low};
	if (pm_sigprocmask_call(&call) != OK)
		bridge_die();
}

/* *sc is a copy: the words stored below the program's stack pointer may fall into the frame. */
static void restore(struct bridge_regs *regs, const struct linux_sigcontext *sc, uint32_t mask_high)
{
	restore_mask(sc->oldmask, mask_high);
	sigfpu_restore(user_pointer(sc->fpstate));
	restore_segments(regs, sc);
	restore_registers(regs, sc);
}

/* The frame's restorer has popped pretcode and sig when it comes here. */
int32_t linux_sigreturn(struct bridge_regs *regs)
{
	const struct linux_sigframe *frame =
	        user_pointer(bridge_user_esp(regs) - offsetof(struct linux_sigframe, sc));
	struct linux_sigcontext sc = frame->sc;

	restore(regs, &sc, frame->extramask);
	return 0;
}

/* Here it has popped pretcode only. */
int32_t linux_rt_sigreturn(struct bridge_regs *regs)
{
	const struct linux_rt_sigframe *frame =
	        user_pointer(bridge_user_esp(regs) - offsetof(struct linux_rt_sigframe, sig));
	struct linux_sigcontext sc = frame->uc.mcontext;
	struct linux_sigaltstack stack = frame->uc.stack;
	int32_t result;

	sc.oldmask = frame->uc.sigmask[0];
	restore(regs, &sc, frame->uc.sigmask[1]);
	result = sigstack_set(&stack, sc.esp);
	(void)result; /* a stack that can't be set is left as it is, as on Linux */
	return 0;
}
