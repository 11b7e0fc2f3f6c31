/* SPDX-License-Identifier: MIT */
/* See step.h. */
#include "step.h"

#include <granite/abi/pm.h>

#include "arch.h"
#include "signals.h"
#include "vmrequest.h"

void step_set(struct proc *p, uint32_t instructions)
{
	p->steps_left = instructions;
	arch_set_stepping(p, instructions > 0);
}

int step_taken(struct proc *p)
{
	const struct pm_exception_req end = {
	        .signal = SIGTRAP, .si_code = TRAP_BRKPT, .address = arch_pc(p), .trap = 1, .fatal = 1};

	if (!p->steps_left)
		return 0;
	if (--p->steps_left == 0) {
		arch_set_stepping(p, 0);
		raise_exception(p, &end);
	}
	return 1;
}
