/* SPDX-License-Identifier: MIT */
/*
 * The return from a handler. A frame is the program's own memory: whatever stands in it, the
 * program could do to itself anyhow. Registers are loaded in user mode, and a selector or an mxcsr
 * that the processor refuses is the process's SIGSEGV. The code and the stack segment are only
 * compared: there is just one of each to have.
 */
#include <string.h>
#include <granite/abi/errno.h>

#include "sigframe.h"

#define SIG_SETMASK_LINUX 2 /* `how` of PM_SIGPROCMASK */

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
	regs->eip = sc->eip;
	regs->eflags = sc->eflags;
	regs->esp = sc->esp;
}

/*
 * The old mask may let other signals through: they are noted at once, and entry.S sees that when it leaves.
 */
static void restore_mask(uint32_t low, uint32_t high)
{
	union pm_sigprocmask_message call;

	call.req = (struct pm_sigprocmask_req){.how = SIG_SETMASK_LINUX, .set = (uint64_t)high << 32 | low};
	if (pm_sigprocmask_call(&call) != OK)
		bridge_die();
}

static void restore(struct bridge_regs *regs, const struct linux_sigcontext *sc, uint32_t mask_low,
                    uint32_t mask_high)
{
	restore_mask(mask_low, mask_high);
	sigfpu_restore(user_pointer(sc->fpstate));
	restore_segments(regs, sc);
	restore_registers(regs, sc);
}

/*
 * Of the frame that the program says is at `frame`, the `bytes` at `offset`: with memcpy, for it need not be
 * aligned.
 */
static void fetch(void *to, uint32_t frame, size_t offset, size_t bytes)
{
	memcpy(to, user_pointer(frame + offset), bytes);
}

/* The frame's restorer has popped pretcode and sig when it comes here. */
int32_t linux_sigreturn(struct bridge_regs *regs)
{
	uint32_t frame = regs->esp - offsetof(struct linux_sigframe, sc);
	struct linux_sigcontext sc;
	uint32_t extramask;

	fetch(&sc, frame, offsetof(struct linux_sigframe, sc), sizeof(sc));
	fetch(&extramask, frame, offsetof(struct linux_sigframe, extramask), sizeof(extramask));
	restore(regs, &sc, sc.oldmask, extramask);
	return 0;
}

/* Here it has popped pretcode only. An alternate stack that can't be set stays as it is, as on Linux. */
int32_t linux_rt_sigreturn(struct bridge_regs *regs)
{
	uint32_t frame = regs->esp - offsetof(struct linux_rt_sigframe, sig);
	struct linux_ucontext uc;

	fetch(&uc, frame, offsetof(struct linux_rt_sigframe, uc), sizeof(uc));
	restore(regs, &uc.mcontext, uc.sigmask[0], uc.sigmask[1]);
	GRANITE_IGNORE(sigstack_set(&uc.stack, regs->esp));
	return 0;
}
