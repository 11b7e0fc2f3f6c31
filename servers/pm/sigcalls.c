/* SPDX-License-Identifier: MIT */
/* The calls by which a process manages its own signals. */
#include <errno.h>
#include "pm.h"

int do_sigaction(struct process *caller, const struct pm_sigaction_req *request,
                 struct pm_sigaction_rep *reply)
{
	int result = OK;

	if (!signal_valid(request->signal))
		return -EINVAL;
	reply->old = caller->signals.actions[request->signal - 1];
	if (request->set)
		result = signals_set_action(&caller->signals, (int)request->signal, &request->action);
	signal_settle(caller);
	return result;
}

int do_sigprocmask(struct process *caller, const struct pm_sigprocmask_req *request,
                   struct pm_sigprocmask_rep *reply)
{
	int result;

	reply->old = caller->signals.blocked;
	result = signals_set_mask(&caller->signals, request->how, request->set);
	signal_settle(caller);
	return result;
}

int do_sigpending(struct process *caller, const struct pm_sigpending_req *request,
                  struct pm_sigpending_rep *reply)
{
	(void)request;
	reply->set = caller->signals.pending & caller->signals.blocked;
	return OK;
}

/* If another signal waits the kernel is told again: the process need not fetch until there is none. */
int do_sigfetch(struct process *caller, const struct pm_sigfetch_req *request, struct pm_sigfetch_rep *reply)
{
	int result = signals_fetch(&caller->signals, reply);

	(void)request;
	signal_forget_note(caller);
	signal_settle(caller);
	return result;
}

int do_sigsuspend(struct process *caller, const struct pm_sigsuspend_req *request,
                  struct pm_sigsuspend_rep *reply)
{
	(void)reply;
	signals_suspend(&caller->signals, request->mask);
	wait_begin(caller, WAITS_SUSPEND);
	signal_settle(caller);
	return SERVER_NO_REPLY;
}

static void wait_timed_out(void *owner)
{
	wait_end(owner, -EAGAIN, NULL, 0);
}

int do_sigtimedwait(struct process *caller, const struct pm_sigtimedwait_req *request,
                    struct pm_sigtimedwait_rep *reply)
{
	if (signals_take(&caller->signals, request->set, reply) == OK) {
		signal_settle(caller);
		return OK;
	}
	if (!request->forever && request->nsecs == 0)
		return -EAGAIN;
	caller->wait_set = request->set;
	if (request->forever)
		wait_begin(caller, WAITS_SIGNAL);
	else
		wait_begin_until(caller, WAITS_SIGNAL, clock_after(clock_now(), request->nsecs),
		                 wait_timed_out);
	signal_settle(caller);
	return SERVER_NO_REPLY;
}
