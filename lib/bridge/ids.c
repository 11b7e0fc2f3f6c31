/* SPDX-License-Identifier: MIT */
/* Process, group and session numbers, which PM knows; and users, of whom there is only root. */
#include <granite/abi/errno.h>

#include "bridge.h"

static int32_t ids_of(int32_t pid, struct pm_getid_rep *ids)
{
	union pm_getid_message call;
	int32_t result;

	call.req = (struct pm_getid_req){.pid = pid};
	result = pm_getid_call(&call);
	*ids = call.rep;
	return result;
}

/* It never changes; a child has its own copy of the variable. */
static int32_t own_pid;

void bridge_take_pid(int32_t pid)
{
	own_pid = pid;
}

int32_t bridge_pid(void)
{
	return own_pid;
}

int32_t linux_getpid(struct bridge_regs *regs)
{
	(void)regs;
	return own_pid;
}

int32_t linux_getppid(struct bridge_regs *regs)
{
	struct pm_getid_rep ids;
	int32_t result = ids_of(0, &ids);

	(void)regs;
	return result == OK ? ids.ppid : result;
}

static int32_t group_of(int32_t pid)
{
	struct pm_getid_rep ids;
	int32_t result = ids_of(pid, &ids);

	return result == OK ? ids.pgid : result;
}

/* getpgid(pid) */
int32_t linux_getpgid(struct bridge_regs *regs)
{
	return group_of((int32_t)regs->ebx);
}

int32_t linux_getpgrp(struct bridge_regs *regs)
{
	(void)regs;
	return group_of(0);
}

/* setpgid(pid, pgid) */
int32_t linux_setpgid(struct bridge_regs *regs)
{
	union pm_setpgid_message call;

	call.req = (struct pm_setpgid_req){.pid = (int32_t)regs->ebx, .pgid = (int32_t)regs->ecx};
	return pm_setpgid_call(&call);
}

/* getsid(pid) */
int32_t linux_getsid(struct bridge_regs *regs)
{
	struct pm_getid_rep ids;
	int32_t result = ids_of((int32_t)regs->ebx, &ids);

	return result == OK ? ids.sid : result;
}

int32_t linux_setsid(struct bridge_regs *regs)
{
	union pm_setsid_message call;
	int32_t result = pm_setsid_call(&call);

	(void)regs;
	return result == OK ? call.rep.sid : result;
}

int32_t linux_get_root(struct bridge_regs *regs)
{
	(void)regs;
	return 0;
}

/* -1 means: leave it as it is. */
static int is_root(uint32_t id)
{
	return id == 0 || id == UINT32_MAX;
}

/* setuid(id), setgid(id): for these -1 is no special number */
int32_t linux_set_root(struct bridge_regs *regs)
{
	return regs->ebx == 0 ? 0 : -EINVAL;
}

/* setreuid(real, effective), setregid(real, effective) */
int32_t linux_set_roots(struct bridge_regs *regs)
{
	return is_root(regs->ebx) && is_root(regs->ecx) ? 0 : -EINVAL;
}

/* setresuid(real, effective, saved), setresgid(real, effective, saved) */
int32_t linux_set_all_roots(struct bridge_regs *regs)
{
	return is_root(regs->edx) ? linux_set_roots(regs) : -EINVAL;
}
