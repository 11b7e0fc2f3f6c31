/* SPDX-License-Identifier: MIT */
/* fork, exit and wait. */
#include <signal.h>
#include <granite/abi/errno.h>
#include <granite/grant.h>

#include "bridge.h"
#include "convert.h"
#include "loan.h"

#define CLONE_SIGNAL        0x000000ffu /* what the parent gets when the child ends */
#define CLONE_SHARED_MEMORY 0x00000100u
#define CLONE_PARENT_WAITS  0x00004000u

/* exit(status) */
int32_t linux_exit(struct bridge_regs *regs)
{
	union pm_exit_message call;

	call.req = (struct pm_exit_req){.status = regs->ebx & 0xff};
	GRANITE_IGNORE(
	        pm_exit_call(&call)); /* a PM that answers is broken, and there is nothing to go on with */
	bridge_die();
}

/* The child comes out of the same call, with 0: its memory, and so the bridge's stack, is a copy. */
static int32_t fork_process(uint32_t flags)
{
	union pm_fork_message call;
	int32_t result;

	call.req = (struct pm_fork_req){.flags = flags};
	result = pm_fork_call(&call);
	if (result == OK && call.rep.pid == 0) {
		cpf_reload();
		loan_reload();
		bridge_take_pid(call.rep.own_pid);
	}
	return result == OK ? call.rep.pid : result;
}

int32_t linux_fork(struct bridge_regs *regs)
{
	(void)regs;
	return fork_process(0);
}

/* The child gets a copy of the memory, not the memory itself. The parent waits until it execs or exits. */
int32_t linux_vfork(struct bridge_regs *regs)
{
	(void)regs;
	return fork_process(PM_FORK_VFORK);
}

/*
 * clone(flags, stack, ...): processes only, as fork, vfork and posix_spawn want them. posix_spawn's child
 * runs on the given stack, which here lies in its own copy of the memory.
 */
int32_t linux_clone(struct bridge_regs *regs)
{
	uint32_t flags = regs->ebx & ~CLONE_SIGNAL;
	uint32_t stack = regs->ecx;
	int32_t pid;

	if ((regs->ebx & CLONE_SIGNAL) != SIGCHLD)
		return -EINVAL;
	if (flags != 0 && flags != CLONE_PARENT_WAITS && flags != (CLONE_SHARED_MEMORY | CLONE_PARENT_WAITS))
		return -ENOSYS;
	pid = fork_process(flags ? PM_FORK_VFORK : 0);
	if (pid == 0 && stack)
		regs->esp = stack;
	return pid;
}

static int32_t store_rusage(uint32_t address, uint64_t user_nsecs)
{
	struct linux_rusage usage = {.utime = timeval_of(user_nsecs)};

	return user_put_if(address, &usage, sizeof(usage));
}

/* Options that tell children apart by the thread that made them: here a process has one. */
#define WAIT_KINDS 0xe0000000u /* __WNOTHREAD, __WALL, __WCLONE */

static int32_t wait_for(int32_t pid, uint32_t options, uint32_t status, uint32_t usage)
{
	union pm_wait_message call;
	int32_t result;

	call.req = (struct pm_wait_req){.pid = pid, .options = options & ~WAIT_KINDS};
	result = pm_wait_call(&call);
	if (result != OK || call.rep.pid == 0)
		return result;
	result = user_put_if(status, &call.rep.status, sizeof(call.rep.status));
	if (result == OK)
		result = store_rusage(usage, call.rep.user_nsecs);
	return result == OK ? call.rep.pid : result;
}

/* wait4(pid, status, options, usage) */
int32_t linux_wait4(struct bridge_regs *regs)
{
	return wait_for((int32_t)regs->ebx, regs->edx, regs->ecx, regs->esi);
}

/* waitpid(pid, status, options) */
int32_t linux_waitpid(struct bridge_regs *regs)
{
	return wait_for((int32_t)regs->ebx, regs->edx, regs->ecx, 0);
}
