/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "alarm.h"
#include "arch.h"
#include "async.h"
#include "boot.h"
#include "clock.h"
#include "counters.h"
#include "ipc.h"
#include "irq.h"
#include "kcall.h"
#include "notes.h"
#include "priv.h"
#include "string.h"

/* Processes told of in one piece; a caller that wants more asks again. */
#define PROCS_AT_ONCE 32

static void describe(const struct proc *p, struct proc_info *info)
{
	memset(info, 0, sizeof(*info));
	info->endpoint = p->endpoint;
	info->rts_flags = p->rts_flags;
	info->misc_flags = p->misc_flags;
	info->blocked_on = ipc_blocked_on(p);
	info->priority = p->priority;
	info->small = proc_small(p);
	info->priv_id = p->priv->spec.id;
	info->priv_flags = p->priv->spec.flags;
	info->pc = arch_pc(p);
	info->sp = arch_sp(p);
	info->user_nsecs = p->ticks_used * NSECS_PER_TICK;
	info->segment_bytes = arch_limit(p);
	info->alarm = p->alarm_place != 0;
	memcpy(info->name, p->name, PROC_NAME_MAX);
}

static int copy_out(struct proc *caller, const struct sys_getinfo_req *request, const void *data,
                    uint32_t bytes, struct sys_getinfo_rep *reply)
{
	if (request->bytes < bytes)
		return -EINVAL;
	reply->bytes = bytes;
	return copy_to_caller(caller, request->address, data, bytes);
}

/* VM counts for itself what it does by grants. */
static const struct granite_counters *count_all(void)
{
	if (vm_notes) {
		counters.grant_cow_pages = vm_notes->shared_pages;
		counters.grant_mapped_pages = vm_notes->lent_pages;
		counters.grant_unmapped_pages = vm_notes->unlent_pages;
	}
	return &counters;
}

static int get_processes(struct proc *caller, const struct sys_getinfo_req *request,
                         struct sys_getinfo_rep *reply)
{
	static struct proc_info info[PROCS_AT_ONCE];
	uint32_t count = request->bytes / sizeof(info[0]);

	if (request->first >= NR_PROCS)
		return OK;
	if (count > PROCS_AT_ONCE)
		count = PROCS_AT_ONCE;
	if (count > NR_PROCS - request->first)
		count = NR_PROCS - request->first;
	for (uint32_t i = 0; i < count; i++)
		describe(&proc_table[request->first + i], &info[i]);
	return copy_out(caller, request, info, count * sizeof(info[0]), reply);
}

static int get_usage(struct proc *caller, const struct sys_getinfo_req *request,
                     struct sys_getinfo_rep *reply)
{
	const struct kernel_usage usage = {
	        .processes = proc_count(),
	        .async_messages = async_under_way(),
	        .alarms = alarms_set(),
	        .interrupts = irqs_attached(),
	};

	return copy_out(caller, request, &usage, sizeof(usage), reply);
}

/*
 * SYS_GETINFO: what the kernel knows; see GET_*. GET_PROCTAB tells of as many slots as fit, 32 at most, none
 * beyond the table's end. Errors: EINVAL unknown, or too little room (for GET_PROCTAB no room is 0 bytes of
 * it); EFAULT.
 */
int do_getinfo(struct proc *caller, const struct sys_getinfo_req *request, struct sys_getinfo_rep *reply)
{
	switch (request->what) {
	case GET_COUNTERS:
		return copy_out(caller, request, count_all(), sizeof(counters), reply);
	case GET_PROCTAB:
		return get_processes(caller, request, reply);
	case GET_BOOTINFO:
		return copy_out(caller, request, &boot_info, sizeof(boot_info), reply);
	case GET_USAGE:
		return get_usage(caller, request, reply);
	default:
		return -EINVAL;
	}
}
