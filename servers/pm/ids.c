/* SPDX-License-Identifier: MIT */
/* Pids, process groups and sessions: who is who. */
#include <errno.h>
#include <string.h>
#include "pm.h"

/* The process that a caller means by `pid`: 0 is itself. NULL: there is none. */
static struct process *named(struct process *caller, int32_t pid)
{
	return pid == 0 ? caller : process_by_pid(pid);
}

int do_getid(struct process *caller, const struct pm_getid_req *request, struct pm_getid_rep *reply)
{
	const struct process *process = named(caller, request->pid);

	if (!process)
		return -ESRCH;
	reply->pid = process->pid;
	reply->ppid = process->parent ? process->parent->pid : 0;
	reply->pgid = process->pgid;
	reply->sid = process->sid;
	return OK;
}

static int group_is_in_session(int32_t pgid, int32_t sid)
{
	const struct process *member = process_first_of_group(pgid);

	return member && member->sid == sid;
}

/* POSIX, setpgid(): oneself, or a child that has not called exec, to another group of one's own session. */
static int may_move(const struct process *caller, const struct process *process, int32_t pgid)
{
	if (process != caller && process->parent != caller)
		return -ESRCH;
	if (process->sid != caller->sid || process->sid == process->pid)
		return -EPERM;
	if (process != caller && (process->flags & PROCESS_EXECED))
		return -EACCES;
	return pgid == process->pid || group_is_in_session(pgid, caller->sid) ? OK : -EPERM;
}

int do_setpgid(struct process *caller, const struct pm_setpgid_req *request, struct pm_setpgid_rep *reply)
{
	struct process *process = named(caller, request->pid);
	int32_t pgid = request->pgid;
	int result;

	(void)reply;
	if (pgid < 0)
		return -EINVAL;
	if (!process)
		return -ESRCH;
	if (pgid == 0)
		pgid = process->pid;
	result = may_move(caller, process, pgid);
	if (result == OK)
		process_set_group(process, pgid, process->sid);
	return result;
}

int do_setsid(struct process *caller, const struct pm_setsid_req *request, struct pm_setsid_rep *reply)
{
	(void)request;
	if (process_first_of_group(caller->pid))
		return -EPERM;
	process_set_group(caller, caller->pid, caller->pid);
	reply->sid = caller->sid;
	return OK;
}

int do_endpoint(struct process *caller, const struct pm_endpoint_req *request, struct pm_endpoint_rep *reply)
{
	const struct process *process = named(caller, request->pid);

	if (!process || !process_alive(process))
		return -ESRCH;
	reply->endpoint = process->endpoint;
	reply->executed = (process->flags & PROCESS_EXECED) != 0;
	return OK;
}

static uint32_t told_flags(const struct process *process)
{
	return (process->flags & PROCESS_SERVICE ? PM_PROC_SERVICE : 0) |
	       (process->flags & PROCESS_STOPPED ? PM_PROC_STOPPED : 0);
}

static void describe(const struct process *process, struct pm_procinfo_rep *reply)
{
	reply->endpoint = process->endpoint;
	reply->pid = process->pid;
	reply->ppid = process->parent ? process->parent->pid : 0;
	reply->pgid = process->pgid;
	reply->sid = process->sid;
	reply->flags = told_flags(process);
	reply->waits = process->waits;
	memcpy(reply->name, process->name, sizeof(reply->name));
	reply->user_nsecs = process->user_nsecs;
}

/* In the table's order, in which nobody moves: whoever lives all the while is told of exactly once. */
int do_procinfo(struct process *caller, const struct pm_procinfo_req *request, struct pm_procinfo_rep *reply)
{
	uint32_t index = request->index;

	(void)caller;
	while (index < PROCESSES_MAX && process_table[index].state == PROCESS_FREE)
		index++;
	if (index >= PROCESSES_MAX)
		return -ENOENT;
	describe(&process_table[index], reply);
	reply->next = index + 1;
	return OK;
}
