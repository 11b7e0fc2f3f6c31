/* SPDX-License-Identifier: MIT */
/* The way out of the kernel. */
#include "arch.h"
#include "counters.h"
#include "ipc.h"
#include "kcall.h"
#include "notes.h"
#include "sched.h"
#include "trace.h"
#include "upcall.h"

static struct proc *last; /* who ran before */

/* Waits until somebody can run. */
static struct proc *idle(void)
{
	struct proc *p;

	TRACE(SCHED, plain(EVENT_IDLE, NONE));
	do
		arch_idle();
	while (!(p = sched_pick()));
	if (p == last)
		TRACE(SCHED, plain(EVENT_RUN, p->endpoint));
	return p;
}

static struct proc *pick(void)
{
	struct proc *p = sched_pick();

	return p ? p : idle();
}

/* Does one thing that is left to do before p may leave the kernel. It may make p wait, and others run. */
static void do_work(struct proc *p)
{
	if (p->misc_flags & MF_RESUME_CALL) {
		(void)arch_interrupt_window();
		if (sched_pick() == p && p->misc_flags & MF_RESUME_CALL)
			kcall_resume(p);
	} else if (p->misc_flags & MF_DELIVER) {
		ipc_deliver(p);
	} else {
		upcall_bounce(p);
	}
}

/* Makes p the current process, with its memory loaded. */
static void enter(struct proc *p)
{
	if (p != last) {
		COUNT(switches);
		TRACE(SCHED, plain(EVENT_RUN, p->endpoint));
		/* What VM has noted must be done before anybody but VM runs. */
		notes_apply();
		last = p;
	}
	current = p;
	arch_load(p);
}

void switch_to_user(void)
{
	struct proc *p = pick();

	enter(p);
	while (p->misc_flags & MF_WORK) {
		do_work(p);
		if (sched_pick() != p) {
			p = pick();
			enter(p);
		}
	}
	arch_run(p);
}
