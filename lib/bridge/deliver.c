/* SPDX-License-Identifier: MIT */
/*
 * Takes waiting signals from PM and makes the program run their handlers. Several are stacked: each frame
 * interrupts the first instruction of the handler before it, so the last one fetched runs first, as on Linux.
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

/* `pending` is cleared first: a signal that is noted during the fetches is looked for once more by entry.S.
 */
void bridge_upcall(struct bridge_regs *regs)
{
	granite_bridge_control.pending = 0;
	push_waiting_signals(regs);
}

/*
 * Makes the program enter the bridge with the same call again. A stack that can't take the address to return
 * to could not have held it when the call came.
 */
static void rewind_call(struct bridge_regs *regs, uint32_t number)
{
	regs->esp -= sizeof(regs->eip);
	if (user_put(regs->esp, &regs->eip, sizeof(regs->eip)) != OK)
		bridge_die();
	regs->eip = user_address((void *)granite_bridge_entry);
	regs->eax = number;
}

/* Without a handler to run there was no reason to interrupt the call: it is made again, as Linux does. */
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
