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
static int meant_by_all(const struct process *process, const struct process *caller)
{
	return process->state != PROCESS_FREE && process != caller && process != process_rs() &&
	       !(process->flags & PROCESS_SERVICE);
}

/*
 * Who is sent the signal: the group `pgid`, or with 0 everybody. Their pids, because each signal may end
 * others of them. The caller comes last, so that all others have the signal even if the caller dies of it.
 */
static uint32_t select(const struct process *caller, int32_t pgid, int32_t pids[PROCESSES_MAX])
{
	uint32_t count = 0;

	if (!pgid) {
		for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
			if (meant_by_all(p, caller))
				pids[count++] = p->pid;
		return count;
	}
	for (struct process *p = process_first_of_group(pgid); p; p = p->next_in_group)
		if (p != caller)
			pids[count++] = p->pid;
	if (caller->pgid == pgid)
		pids[count++] = caller->pid;
	return count;
}

/* OK if one process could be sent it. */
static int send_to_many(struct process *caller, int32_t pgid, int signal, const struct signal_info *info)
{
	static int32_t pids[PROCESSES_MAX];
	uint32_t count = select(caller, pgid, pids);
	int sent = 0;

	if (!count)
		return -ESRCH;
	for (uint32_t i = 0; i < count; i++)
		sent |= send_to_one(pids[i], signal, info) != -EPERM;
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
