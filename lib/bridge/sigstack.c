/* SPDX-License-Identifier: MIT */
/*
 * The alternate signal stack, sigaltstack(2). Only the bridge knows it,
 * so exec forgets it with the old program.
 */
#include <signal.h>
#include <string.h>
#include <granite/abi/errno.h>

#include "sigframe.h"

/* Its flags are SS_DISABLE, and its bytes 0, if the program has not set one. */
static struct linux_sigaltstack alternate = {.flags = SS_DISABLE};

static int is_on(uint32_t esp)
{
	return alternate.bytes && esp > alternate.sp && esp - alternate.sp <= alternate.bytes;
}

uint32_t sigstack_choose(uint32_t esp, uint32_t flags)
{
	if ((flags & SA_ONSTACK) && alternate.bytes && !is_on(esp))
		return alternate.sp + alternate.bytes;
	return esp;
}

int sigstack_overflows(uint32_t esp, uint32_t frame)
{
	return is_on(esp) && !is_on(frame);
}

struct linux_sigaltstack sigstack_get(uint32_t esp)
{
	struct linux_sigaltstack now = alternate;

	if (alternate.bytes)
		now.flags = is_on(esp) ? SS_ONSTACK : 0;
	return now;
}

int32_t sigstack_set(const struct linux_sigaltstack *stack, uint32_t esp)
{
	if (is_on(esp))
		return -EPERM;
	if (stack->flags == SS_DISABLE) {
		alternate = (struct linux_sigaltstack){.flags = SS_DISABLE};
		return OK;
	}
	if (stack->flags != 0 && stack->flags != SS_ONSTACK)
		return -EINVAL;
	if (stack->bytes < MINSIGSTKSZ)
		return -ENOMEM;
	alternate = *stack;
	return OK;
}

/* sigaltstack(stack, old) */
int32_t linux_sigaltstack(struct bridge_regs *regs)
{
	struct linux_sigaltstack stack, before = sigstack_get(regs->esp);
	int32_t result = OK;

	if (regs->ebx) {
		result = user_get(&stack, regs->ebx, sizeof(stack));
		if (result == OK)
			result = sigstack_set(&stack, regs->esp);
	}
	return result == OK ? user_put_if(regs->ecx, &before, sizeof(before)) : result;
}
