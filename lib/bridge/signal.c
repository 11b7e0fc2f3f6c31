/* SPDX-License-Identifier: MIT */
/* The calls about signals: PM holds the actions, the mask and what is pending; only the frames are the
 * bridge's. */
#include <granite/abi/errno.h>
#include <string.h>

#include "convert.h"
#include "sigframe.h"

static uint64_t load_set(const uint32_t *words)
{
	return (uint64_t)words[1] << 32 | words[0];
}

static void store_set(uint32_t *words, uint64_t set)
{
	words[0] = (uint32_t)set;
	words[1] = (uint32_t)(set >> 32);
}

static int32_t send_signal(int32_t pid, uint32_t signal)
{
	union pm_kill_message call;

	call.req = (struct pm_kill_req){.pid = pid, .signal = signal};
	return pm_kill_call(&call);
}

/* kill(pid, signal) */
int32_t linux_kill(struct bridge_regs *regs)
{
	return send_signal((int32_t)regs->ebx, regs->ecx);
}

/* tkill(tid, signal): a process has one thread, with the process's number */
int32_t linux_tkill(struct bridge_regs *regs)
{
	if ((int32_t)regs->ebx <= 0)
		return -EINVAL;
	return send_signal((int32_t)regs->ebx, regs->ecx);
}

/* tgkill(pid, tid, signal) */
int32_t linux_tgkill(struct bridge_regs *regs)
{
	if ((int32_t)regs->ebx <= 0 || (int32_t)regs->ecx <= 0)
		return -EINVAL;
	if (regs->ebx != regs->ecx)
		return -ESRCH;
	return send_signal((int32_t)regs->ebx, regs->edx);
}

/* rt_sigaction(signal, action, old, set_bytes) */
int32_t linux_rt_sigaction(struct bridge_regs *regs)
{
	const struct linux_sigaction *action = user_pointer(regs->ecx);
	struct linux_sigaction *old = user_pointer(regs->edx);
	union pm_sigaction_message call;
	int32_t result;

	if (regs->esi != LINUX_SIGSET_BYTES)
		return -EINVAL;
	_Static_assert(sizeof(*action) == sizeof(call.req.action), "PM's form of an action is Linux's");
	call.req = (struct pm_sigaction_req){.signal = regs->ebx, .set = action != 0};
	if (action)
		memcpy(&call.req.action, action, sizeof(*action));
	result = pm_sigaction_call(&call);
	if (result == OK && old)
		memcpy(old, &call.rep.old, sizeof(*old));
	return result;
}

/* rt_sigprocmask(how, set, old, set_bytes) */
int32_t linux_rt_sigprocmask(struct bridge_regs *regs)
{
	const uint32_t *set = user_pointer(regs->ecx);
	uint32_t *old = user_pointer(regs->edx);
	union pm_sigprocmask_message call;
	int32_t result;

	if (regs->esi != LINUX_SIGSET_BYTES || (set && regs->ebx >= PM_MASK_ASK))
		return -EINVAL;
	call.req = (struct pm_sigprocmask_req){.how = set ? regs->ebx : PM_MASK_ASK,
	                                       .set = set ? load_set(set) : 0};
	result = pm_sigprocmask_call(&call);
	if (result == OK && old)
		store_set(old, call.rep.old);
	return result;
}

/* rt_sigpending(set, set_bytes) */
int32_t linux_rt_sigpending(struct bridge_regs *regs)
{
	union pm_sigpending_message call;
	int32_t result;

	if (regs->ecx != LINUX_SIGSET_BYTES)
		return -EINVAL;
	result = pm_sigpending_call(&call);
	if (result == OK)
		store_set(user_pointer(regs->ebx), call.rep.set);
	return result;
}

static int32_t suspend(uint64_t mask)
{
	union pm_sigsuspend_message call;

	call.req = (struct pm_sigsuspend_req){.mask = mask};
	return pm_sigsuspend_call(&call);
}

/* rt_sigsuspend(mask, set_bytes) */
int32_t linux_rt_sigsuspend(struct bridge_regs *regs)
{
	if (regs->ecx != LINUX_SIGSET_BYTES)
		return -EINVAL;
	return suspend(load_set(user_pointer(regs->ebx)));
}

/* pause(): the mask stays. Only the process itself changes it, so it can't change between the two calls. */
int32_t linux_pause(struct bridge_regs *regs)
{
	union pm_sigprocmask_message call;
	int32_t result;

	(void)regs;
	call.req = (struct pm_sigprocmask_req){.how = PM_MASK_ASK};
	result = pm_sigprocmask_call(&call);
	return result == OK ? suspend(call.rep.old) : result;
}

/* rt_sigtimedwait(set, info, timeout, set_bytes), with the timeout in `nsecs` if regs->edx is not 0 */
static int32_t sigtimedwait(struct bridge_regs *regs, uint64_t nsecs)
{
	struct linux_siginfo *info = user_pointer(regs->ecx);
	union pm_sigtimedwait_message call;
	int32_t result;

	call.req = (struct pm_sigtimedwait_req){
	        .set = load_set(user_pointer(regs->ebx)), .nsecs = nsecs, .forever = regs->edx == 0};
	result = pm_sigtimedwait_call(&call);
	if (result != OK)
		return result;
	if (info)
		siginfo_fill(info, call.rep.signal, call.rep.si_code, call.rep.si_a, call.rep.si_b,
		             call.rep.si_c);
	return (int32_t)call.rep.signal;
}

int32_t linux_rt_sigtimedwait(struct bridge_regs *regs)
{
	const struct linux_timespec32 *timeout = user_pointer(regs->edx);
	uint64_t nsecs = 0;

	if (regs->esi != LINUX_SIGSET_BYTES ||
	    (timeout && nsecs_of(timeout->sec, timeout->nsec, &nsecs) != OK))
		return -EINVAL;
	return sigtimedwait(regs, nsecs);
}

int32_t linux_rt_sigtimedwait_time64(struct bridge_regs *regs)
{
	const struct linux_timespec64 *timeout = user_pointer(regs->edx);
	uint64_t nsecs = 0;

	if (regs->esi != LINUX_SIGSET_BYTES ||
	    (timeout && nsecs_of((int64_t)timeout->sec, timeout->nsec, &nsecs) != OK))
		return -EINVAL;
	return sigtimedwait(regs, nsecs);
}
