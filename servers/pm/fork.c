/* SPDX-License-Identifier: MIT */
/*
 * fork: VM makes the child, a copy of its parent down to waiting for PM's answer. So PM
 * answers twice: pid 0 to the child, the child's pid to the parent; with vfork the parent's
 * answer waits for the child's exec or exit.
 */
#include <errno.h>
#include <string.h>
#include <granite/vm.h>
#include "pm.h"

/* What a child has from its parent; all else begins empty. */
static void inherit(struct process *child, struct process *parent)
{
	memcpy(child->name, parent->name, sizeof(child->name));
	child->program = parent->program;
	child->text_start = parent->text_start;
	child->text_end = parent->text_end;
	process_set_parent(child, parent);
	process_set_group(child, parent->pgid, parent->sid);
	signals_fork(&child->signals, &parent->signals);
	if (parent == process_rs())
		child->flags |= PROCESS_SERVICE;
}

static int wait_for_vfork(struct process *parent, struct process *child)
{
	wait_begin(parent, WAITS_VFORK);
	parent->vfork_child = child;
	child->vfork_parent = parent;
	return SERVER_NO_REPLY;
}

int do_fork(struct process *caller, const struct pm_fork_req *request, struct pm_fork_rep *reply)
{
	struct pm_fork_rep reply_to_child = {.pid = 0};
	struct process *child;
	endpoint_t endpoint;
	int result;

	if (request->flags & ~(uint32_t)PM_FORK_VFORK)
		return -EINVAL;
	if (process_full(caller))
		return -EAGAIN;
	result = vm_fork(caller->endpoint, &endpoint);
	if (result != OK)
		return result;
	child = process_allocate(endpoint);
	inherit(child, caller);
	events_forked(caller, child);
	reply_to_child.own_pid = child->pid;
	server_reply(endpoint, OK, &reply_to_child, sizeof(reply_to_child));
	reply->pid = child->pid;
	return request->flags & PM_FORK_VFORK ? wait_for_vfork(caller, child) : OK;
}
