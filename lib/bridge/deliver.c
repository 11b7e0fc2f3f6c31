/* SPDX-License-Identifier: MIT */
/*
 * Takes waiting signals from PM and makes the program run their handlers. Of several, each interrupts the one
 * fetched before it at its first instruction. So the last one fetched runs first, as on Linux.
 */
#include <errno.h>
#include <signal.h>

#include "bridge.h"
#include "sigframe.h"

static void push_waiting_signals(struct bridge_regs *regs)
{
	union pm_sigfetch_message signal;

	while (pm_sigfetch_call(&signal) == OK)
		sigframe_push(regs, &signal.rep);
}

/* `pending` is cleared first: for a signal that is noted during the fetches entry.S comes here once more. */
void bridge_upcall(struct bridge_regs *regs)
{
	granite_bridge_control.pending = 0;
	push_waiting_signals(regs);
}

/*
 * Makes the program enter the bridge again with the same call. The stack had the address to return to when
 * the call came, so if it can't take that now, nothing can be done.
 */
static void rewind_call(struct bridge_regs *regs, uint32_t number)
{
	regs->esp -= sizeof(regs->eip);
	if (user_put(regs->esp, &regs->eip, sizeof(regs->eip)) != OK)
		bridge_die();
	regs->eip = user_address((void *)granite_bridge_entry);
	regs->eax = number;
}

/* Without a handler to run, after a stop for example, the call is made again, as on Linux. */
void bridge_interrupted(struct bridge_regs *regs, uint32_t number, int restarts)
{
	union pm_sigfetch_message signal;

	granite_bridge_control.pending = 0;
	if (pm_sigfetch_call(&signal) != OK) {
		rewind_call(regs, number);
		return;
	}
	if (restarts && (signal.rep.flags & SA_RESTART))
		rewind_call(regs, number);
	sigframe_push(regs, &signal.rep);
	push_waiting_signals(regs);
}
