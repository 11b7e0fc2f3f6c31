/* SPDX-License-Identifier: MIT */
/* kill(2). Every process is root's so far, so none is out of another's reach but RS: see deliver.c. */
#include <errno.h>
#include "pm.h"

static int send_to_one(int32_t pid, int signal, const struct signal_info *info)
{
	struct process *process = process_by_pid(pid);

	if (!process)
		return -ESRCH;
	if (!signal)
		return OK;
	/* A dead driver comes back, a stopped one does not: everybody would wait for it. */
	if (SIGNAL_BIT(signal) & STOP_SIGNALS && process_is_driver(process))
		return -EPERM;
	signal_send(process, signal, info);
	return OK;
}

/* -1 means everybody but the system, its services, and the caller itself, as on Linux. */
static int selected(const struct process *process, const struct process *caller, int32_t pgid)
{
	if (process->state == PROCESS_FREE)
		return 0;
	if (pgid)
		return process->pgid == pgid;
	return process != caller && process != process_rs() && !(process->flags & PROCESS_SERVICE);
}

/* pgid 0: everybody. The caller comes last, so that it still gets round if the signal ends it. */
static int send_to_many(struct process *caller, int32_t pgid, int signal, const struct signal_info *info)
{
	int found = 0, to_caller = selected(caller, caller, pgid);

	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++) {
		if (p == caller || !selected(p, caller, pgid))
			continue;
		found = 1;
		if (signal)
			signal_send(p, signal, info);
	}
	if (to_caller && signal)
		signal_send(caller, signal, info);
	return found || to_caller ? OK : -ESRCH;
}

int do_kill(struct process *caller, const struct pm_kill_req *request, struct pm_kill_rep *reply)
{
	const struct signal_info info = {.code = SI_USER, .a = (uint32_t)caller->pid};
	int signal = (int)request->signal;

	(void)reply;
	if (signal != 0 && !signal_valid(request->signal))
		return -EINVAL;
	if (request->pid > 0)
		return send_to_one(request->pid, signal, &info);
	if (request->pid == INT32_MIN)
		return -ESRCH;
	if (request->pid == -1)
		return send_to_many(caller, 0, signal, &info);
	return send_to_many(caller, request->pid == 0 ? caller->pgid : -request->pid, signal, &info);
}
