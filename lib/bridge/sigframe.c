/* SPDX-License-Identifier: MIT */
/*
 * Building signal frames. On the program's stack, or its alternate one, they lie from above to below:
 *
 *	struct linux_fpstate		its fxsave part on 64 bytes
 *	struct linux_sigframe		or linux_rt_sigframe with SA_SIGINFO
 *
 * All is written by plain stores. Where the stack can't take them the process
 * dies of SIGSEGV, because the bridge is busy.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "sigframe.h"

#define EFLAGS_TRAP      0x00000100u
#define EFLAGS_DIRECTION 0x00000400u
#define EFLAGS_RESUME    0x00010000u

#define TRAP_PAGE_FAULT  14

#define FX_ALIGNMENT     64u /* more than fxsave asks; what Linux keeps */

/*
 * What a frame carries for actions without SA_RESTORER: popl %eax; movl $SYS_sigreturn, %eax; int $0x80 ...
 */
static const uint8_t retcode[8] = {0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80};
/* ... or movl $SYS_rt_sigreturn, %eax; int $0x80. */
static const uint8_t rt_retcode[8] = {0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0};

int signal_is_fault(uint32_t signal, int32_t code)
{
	switch (signal) {
	case SIGILL:
	case SIGTRAP:
	case SIGBUS:
	case SIGFPE:
	case SIGSEGV:
		return code > 0; /* otherwise a process has sent it */
	default:
		return 0;
	}
}

void siginfo_fill(struct linux_siginfo *info, uint32_t signal, int32_t code, uint32_t a, uint32_t b,
                  uint32_t c)
{
	memset(info, 0, sizeof(*info));
	info->signo = signal;
	info->code = code;
	info->fields[0] = a;
	if (signal_is_fault(signal, code))
		return;
	info->fields[1] = b;
	info->fields[2] = c;
}

static void save_registers(struct linux_sigcontext *sc, const struct bridge_regs *regs)
{
	sc->edi = regs->edi;
	sc->esi = regs->esi;
	sc->ebp = regs->ebp;
	sc->ebx = regs->ebx;
	sc->edx = regs->edx;
	sc->ecx = regs->ecx;
	sc->eax = regs->eax;
	sc->ds = regs->ds;
	sc->es = regs->es;
	sc->fs = current_fs();
	sc->gs = current_gs();
	sc->cs = current_cs();
	sc->ss = current_ss();
	sc->eip = regs->eip;
	sc->eflags = regs->eflags;
	sc->esp = sc->esp_at_signal = regs->esp;
}

static void save_context(struct linux_sigcontext *sc, const struct bridge_regs *regs,
                         const struct pm_sigfetch_rep *signal, uint32_t fpstate)
{
	memset(sc, 0, sizeof(*sc));
	save_registers(sc, regs);
	if (signal_is_fault(signal->signal, signal->si_code)) {
		sc->trapno = signal->si_b;
		sc->err = signal->si_c;
		sc->cr2 = signal->si_b == TRAP_PAGE_FAULT ? signal->si_a : 0;
	}
	sc->fpstate = fpstate;
	sc->oldmask = signal->old_mask[0];
}

static uint32_t restorer_of(const struct pm_sigfetch_rep *signal, const uint8_t *code)
{
	return signal->flags & LINUX_SA_RESTORER ? signal->restorer : user_address(code);
}

static void fill_frame(struct linux_sigframe *frame, const struct pm_sigfetch_rep *signal,
                       const struct linux_sigcontext *sc)
{
	frame->pretcode = restorer_of(signal, frame->retcode);
	frame->sig = signal->signal;
	frame->sc = *sc;
	frame->extramask = signal->old_mask[1];
	memcpy(frame->retcode, retcode, sizeof(retcode));
}

static void fill_rt_frame(struct linux_rt_sigframe *frame, const struct pm_sigfetch_rep *signal,
                          const struct linux_sigcontext *sc)
{
	frame->pretcode = restorer_of(signal, frame->retcode);
	frame->sig = signal->signal;
	frame->info_address = user_address(&frame->info);
	frame->uc_address = user_address(&frame->uc);
	siginfo_fill(&frame->info, signal->signal, signal->si_code, signal->si_a, signal->si_b, signal->si_c);
	frame->uc.flags = 0;
	frame->uc.link = 0;
	frame->uc.stack = sigstack_get(sc->esp);
	frame->uc.mcontext = *sc;
	memcpy(frame->uc.sigmask, signal->old_mask, sizeof(frame->uc.sigmask));
	memcpy(frame->retcode, rt_retcode, sizeof(rt_retcode));
}

/* A handler finds its stack as after a call: esp + 4 is divisible by 16. */
static uint32_t place_frame(uint32_t below, uint32_t bytes)
{
	return ((below - bytes + 4) & ~15u) - 4;
}

static uint32_t place_fpstate(uint32_t below)
{
	uint32_t fx = (below - sizeof(struct linux_fxsave)) & ~(FX_ALIGNMENT - 1);

	return fx - offsetof(struct linux_fpstate, fx);
}

/* The arguments are on the stack, and in registers too, for handlers compiled with -mregparm. */
static void enter_handler(struct bridge_regs *regs, const struct pm_sigfetch_rep *signal, uint32_t frame)
{
	uint32_t with_info = signal->flags & SA_SIGINFO;

	regs->eax = signal->signal;
	regs->edx = with_info ? frame + offsetof(struct linux_rt_sigframe, info) : 0;
	regs->ecx = with_info ? frame + offsetof(struct linux_rt_sigframe, uc) : 0;
	regs->ds = regs->es = current_ss();
	regs->eflags &= ~(EFLAGS_TRAP | EFLAGS_DIRECTION | EFLAGS_RESUME);
	regs->eip = signal->handler;
	regs->esp = frame;
}

void sigframe_push(struct bridge_regs *regs, const struct pm_sigfetch_rep *signal)
{
	uint32_t with_info = signal->flags & SA_SIGINFO;
	uint32_t bytes = with_info ? sizeof(struct linux_rt_sigframe) : sizeof(struct linux_sigframe);
	uint32_t fpstate = place_fpstate(sigstack_choose(regs->esp, signal->flags));
	uint32_t frame = place_frame(fpstate, bytes);
	struct linux_sigcontext sc;

	if (sigstack_overflows(regs->esp, frame))
		bridge_die();
	save_context(&sc, regs, signal, fpstate);
	sigfpu_save(user_pointer(fpstate));
	if (with_info)
		fill_rt_frame(user_pointer(frame), signal, &sc);
	else
		fill_frame(user_pointer(frame), signal, &sc);
	enter_handler(regs, signal, frame);
}
