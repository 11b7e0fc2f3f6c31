/* SPDX-License-Identifier: MIT */
/*
 * How a process ends:
 *
 *   kernel forgets it -> VM frees its memory -> its children go to RS -> zombie -> the parent is told ->
 * freed
 *
 * It waits as a zombie until its parent asks, or not at all if the parent ignores SIGCHLD.
 */
#include <string.h>
#include <granite/sys.h>
#include <granite/vm.h>
#include "pm.h"

int process_kernel_info(const struct process *process, struct proc_info *info)
{
	uint32_t slot = (uint32_t)ENDPOINT_SLOT(process->endpoint);

	return sys_getinfo(GET_PROCTAB, info, sizeof(*info), slot) == (int)sizeof(*info) &&
	       info->endpoint == process->endpoint;
}

int process_is_driver(const struct process *process)
{
	struct proc_info info;

	return process->flags & PROCESS_SERVICE && process_kernel_info(process, &info) &&
	       info.priority < SCHED_PRIO_USER;
}

uint64_t process_user_nsecs(const struct process *process)
{
	struct proc_info info;

	return process_kernel_info(process, &info) ? info.user_nsecs : 0;
}

static int parent_wants_no_zombies(const struct process *parent)
{
	return (parent->signals.ignored & SIGNAL_BIT(SIGCHLD)) ||
	       (parent->signals.actions[SIGCHLD - 1].flags & SA_NOCLDWAIT);
}

/* After this the zombie may be gone. The parent's wait4 gets it before SIGCHLD could interrupt that. */
static void tell_parent(struct process *zombie)
{
	struct process *parent = zombie->parent;
	int by_signal = (zombie->status & 0x7f) != 0;
	const struct signal_info info = {
	        .code = by_signal ? CLD_KILLED : CLD_EXITED,
	        .a = (uint32_t)zombie->pid,
	        .c = by_signal ? zombie->status & 0x7f : zombie->status >> 8,
	};

	if (parent == process_rs())
		peer_notify_rs();
	if (parent_wants_no_zombies(parent))
		process_free(zombie);
	wait_check(parent);
	signal_send(parent, SIGCHLD, &info);
}

static void give_children_to_rs(struct process *process)
{
	struct process *child;

	while ((child = process->first_child) != NULL) {
		process_set_parent(child, process_rs());
		if (child->state == PROCESS_ZOMBIE)
			tell_parent(child);
	}
}

static void leave_calls(struct process *process)
{
	wait_release_vfork(process);
	wait_forget(process);
	clock_cancel(&process->alarm);
}

/* The process is gone when these return; they fail only for one that does not live. */
static void destroy(struct process *process)
{
	GRANITE_IGNORE(sys_clear(process->endpoint));
	GRANITE_IGNORE(vm_exit(process->endpoint));
	events_exited(process->endpoint);
}

void process_die(struct process *process, uint32_t status)
{
	if (process == process_rs())
		pm_panic("RS has died, status 0x%x", status);
	process->user_nsecs = process_user_nsecs(process);
	leave_calls(process);
	destroy(process);
	process_bury(process);
	process->status = status;
	jobs_leave(process);
	give_children_to_rs(process);
	tell_parent(process);
	jobs_hang_up();
}

int do_exit(struct process *caller, const struct pm_exit_req *request, struct pm_exit_rep *reply)
{
	(void)reply;
	process_die(caller, STATUS_EXITED(request->status));
	return SERVER_NO_REPLY;
}
