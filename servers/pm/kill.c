/* SPDX-License-Identifier: MIT */
/* kill(2). Every process is root's so far, so none is out of another's reach but RS: see deliver.c. */
#include <errno.h>
#include "pm.h"

/*
 * Sends the signal, or with 0 only asks whether the process is there; a zombie still is.
 * -EPERM: a stop signal for a driver. A driver that dies is started again; one that is
 * stopped would keep all who wait for it waiting.
 */
static int send(struct process *process, int signal, const struct signal_info *info)
{
	if (!signal || !process_alive(process))
		return OK;
	if (SIGNAL_BIT(signal) & STOP_SIGNALS && process_is_driver(process))
		return -EPERM;
	signal_send(process, signal, info);
	return OK;
}

static int send_to_one(int32_t pid, int signal, const struct signal_info *info)
{
	struct process *process = process_by_pid(pid);

	return process ? send(process, signal, info) : -ESRCH;
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

/*
 * Sends to the group `pgid`, or with 0 to everybody. OK if one process could be sent it. The caller comes
 * last, so that all others have the signal even if the caller dies of it.
 */
static int send_to_many(struct process *caller, int32_t pgid, int signal, const struct signal_info *info)
{
	int to_caller = selected(caller, caller, pgid);
	int found = to_caller, sent = 0;

	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++) {
		if (p == caller || !selected(p, caller, pgid))
			continue;
		found = 1;
		sent |= send(p, signal, info) == OK;
	}
	if (to_caller)
		sent |= send(caller, signal, info) == OK;
	if (!found)
		return -ESRCH;
	return sent ? OK : -EPERM;
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
