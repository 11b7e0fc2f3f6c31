/* SPDX-License-Identifier: MIT */
/*
 * The calls about signals: PM holds the actions, the mask and what is
 * pending; only the frames are the bridge's.
 */
#include <granite/abi/errno.h>

#include "clocks.h"
#include "sigframe.h"

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

_Static_assert(sizeof(struct pm_sigaction_data) == sizeof(struct linux_sigaction),
               "PM's form of an action is Linux's");

/* rt_sigaction(signal, action, old, set_bytes) */
int32_t linux_rt_sigaction(struct bridge_regs *regs)
{
	union pm_sigaction_message call;
	int32_t result = OK;

	if (regs->esi != LINUX_SIGSET_BYTES)
		return -EINVAL;
	call.req = (struct pm_sigaction_req){.signal = regs->ebx, .set = regs->ecx != 0};
	if (regs->ecx)
		result = user_get(&call.req.action, regs->ecx, sizeof(call.req.action));
	if (result == OK)
		result = pm_sigaction_call(&call);
	return result == OK ? user_put_if(regs->edx, &call.rep.old, sizeof(call.rep.old)) : result;
}

/* rt_sigprocmask(how, set, old, set_bytes) */
int32_t linux_rt_sigprocmask(struct bridge_regs *regs)
{
	union pm_sigprocmask_message call;
	int32_t result = OK;

	if (regs->esi != LINUX_SIGSET_BYTES || (regs->ecx && regs->ebx >= PM_MASK_ASK))
		return -EINVAL;
	call.req = (struct pm_sigprocmask_req){.how = regs->ecx ? regs->ebx : PM_MASK_ASK};
	if (regs->ecx)
		result = user_get(&call.req.set, regs->ecx, LINUX_SIGSET_BYTES);
	if (result == OK)
		result = pm_sigprocmask_call(&call);
	return result == OK ? user_put_if(regs->edx, &call.rep.old, LINUX_SIGSET_BYTES) : result;
}

/* rt_sigpending(set, set_bytes) */
int32_t linux_rt_sigpending(struct bridge_regs *regs)
{
	union pm_sigpending_message call;
	int32_t result;

	if (regs->ecx != LINUX_SIGSET_BYTES)
		return -EINVAL;
	result = pm_sigpending_call(&call);
	return result == OK ? user_put(regs->ebx, &call.rep.set, LINUX_SIGSET_BYTES) : result;
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
	uint64_t mask;
	int32_t result;

	if (regs->ecx != LINUX_SIGSET_BYTES)
		return -EINVAL;
	result = user_get(&mask, regs->ebx, sizeof(mask));
	return result == OK ? suspend(mask) : result;
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

static int32_t store_info(uint32_t address, const struct pm_sigtimedwait_rep *signal)
{
	struct linux_siginfo info;

	siginfo_fill(&info, signal->signal, signal->si_code, signal->si_a, signal->si_b, signal->si_c);
	return user_put_if(address, &info, sizeof(info));
}

/* rt_sigtimedwait(set, info, timeout, set_bytes), with the timeout in `nsecs` if regs->edx is not 0 */
static int32_t sigtimedwait(const struct bridge_regs *regs, uint64_t nsecs)
{
	union pm_sigtimedwait_message call;
	int32_t result;

	if (regs->esi != LINUX_SIGSET_BYTES)
		return -EINVAL;
	call.req = (struct pm_sigtimedwait_req){.nsecs = nsecs, .forever = regs->edx == 0};
	result = user_get(&call.req.set, regs->ebx, LINUX_SIGSET_BYTES);
	if (result == OK)
		result = pm_sigtimedwait_call(&call);
	if (result == OK)
		result = store_info(regs->ecx, &call.rep);
	return result == OK ? (int32_t)call.rep.signal : result;
}

int32_t linux_rt_sigtimedwait(struct bridge_regs *regs)
{
	uint64_t nsecs = 0;
	int32_t result = regs->edx ? user_get_time32(regs->edx, &nsecs) : OK;

	return result == OK ? sigtimedwait(regs, nsecs) : result;
}

int32_t linux_rt_sigtimedwait_time64(struct bridge_regs *regs)
{
	uint64_t nsecs = 0;
	int32_t result = regs->edx ? user_get_time64(regs->edx, &nsecs) : OK;

	return result == OK ? sigtimedwait(regs, nsecs) : result;
}
