/* SPDX-License-Identifier: MIT */
/* The remaining calls: names, limits, the state of the machine. */
#include <sys/reboot.h>
#include <sys/resource.h>
#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "bridge.h"
#include "convert.h"
#include "fd.h"

#define LINUX_RLIM_NLIMITS 16
#define OLD_RLIM_INFINITY  0x7fffffffu /* of SYS_getrlimit; SYS_ugetrlimit's is UINT32_MAX */
#define REBOOT_MAGIC       0xfee1deadu

static uint32_t file_mask = 022;

/* uname(name) */
int32_t linux_uname(struct bridge_regs *regs)
{
	static const struct linux_utsname name = {.sysname = "Granite",
	                                          .nodename = "granite",
	                                          .release = "1.0",
	                                          .version = "1",
	                                          .machine = "i686",
	                                          .domainname = "(none)"};

	return user_put(regs->ebx, &name, sizeof(name));
}

/* sysinfo(info), in pages */
int32_t linux_sysinfo(struct bridge_regs *regs)
{
	struct linux_sysinfo info = {.mem_unit = PAGE_SIZE};
	struct vm_info_rep memory;
	uint64_t uptime;
	int32_t result = vm_info(&memory);

	if (result == OK)
		result = sys_clock(&uptime, NULL);
	if (result != OK)
		return result;
	info.uptime = (int32_t)(uptime / NSECS_PER_SEC);
	info.totalram = memory.total;
	info.freeram = memory.free;
	return user_put(regs->ebx, &info, sizeof(info));
}

/* umask(mask) */
int32_t linux_umask(struct bridge_regs *regs)
{
	uint32_t old = file_mask;

	file_mask = regs->ebx & 0777;
	return (int32_t)old;
}

int32_t linux_sched_yield(struct bridge_regs *regs)
{
	(void)regs;
	sys_yield();
	return 0;
}

static uint64_t limit_of(uint32_t resource)
{
	switch (resource) {
	case RLIMIT_STACK:
		return STACK_SIZE_MAX;
	case RLIMIT_NOFILE:
		return FD_MAX;
	case RLIMIT_CORE:
		return 0;
	default:
		return RLIM_INFINITY;
	}
}

/* getrlimit(resource, limit); `infinity` is what this form of the call has for no limit */
static int32_t store_limit(const struct bridge_regs *regs, uint32_t infinity)
{
	struct linux_rlimit32 limit;
	uint64_t value = limit_of(regs->ebx);

	if (regs->ebx >= LINUX_RLIM_NLIMITS)
		return -EINVAL;
	limit.current = limit.max = value == RLIM_INFINITY ? infinity : (uint32_t)value;
	return user_put(regs->ecx, &limit, sizeof(limit));
}

int32_t linux_getrlimit(struct bridge_regs *regs)
{
	return store_limit(regs, OLD_RLIM_INFINITY);
}

int32_t linux_ugetrlimit(struct bridge_regs *regs)
{
	return store_limit(regs, UINT32_MAX);
}

/* prlimit64(pid, resource, new, old): all processes have the same limits, which never change */
int32_t linux_prlimit64(struct bridge_regs *regs)
{
	struct linux_rlimit64 old;

	if (regs->ecx >= LINUX_RLIM_NLIMITS)
		return -EINVAL;
	if (regs->edx)
		return -EPERM;
	old.current = old.max = limit_of(regs->ecx);
	return user_put_if(regs->esi, &old, sizeof(old));
}

/* reboot(magic, magic, command) */
int32_t linux_reboot(struct bridge_regs *regs)
{
	union pm_reboot_message call;

	if (regs->ebx != REBOOT_MAGIC)
		return -EINVAL;
	switch (regs->edx) {
	case RB_AUTOBOOT:
		call.req = (struct pm_reboot_req){.how = ABORT_RESET};
		return pm_reboot_call(&call);
	case RB_HALT_SYSTEM:
	case RB_POWER_OFF:
		call.req = (struct pm_reboot_req){.how = ABORT_POWEROFF};
		return pm_reboot_call(&call);
	default:
		return -EINVAL;
	}
}
