/* SPDX-License-Identifier: MIT */
/*
 * futex(2) for a process with one thread and no memory shared for writing: nobody can wake a waiter, so only
 * time or a signal ends its wait.
 */
#include <granite/abi/errno.h>

#include "bridge.h"
#include "clocks.h"
#include "convert.h"

#define FUTEX_COMMAND 0x7f /* without FUTEX_PRIVATE and FUTEX_CLOCK_REALTIME */
#define FUTEX_WAITS   0
#define FUTEX_WAKES   1

static int32_t wait_for(uint32_t address, uint32_t value, uint64_t nsecs)
{
	uint32_t word;
	uint64_t left;
	int32_t result = user_get(&word, address, sizeof(word));

	if (result != OK)
		return result;
	if (word != value)
		return -EAGAIN;
	result = sleep_for(nsecs, &left);
	return result == OK ? -ETIMEDOUT : result;
}

/* futex(word, command, value, timeout), with the timeout in `nsecs` */
static int32_t futex(const struct bridge_regs *regs, uint64_t nsecs)
{
	switch (regs->ecx & FUTEX_COMMAND) {
	case FUTEX_WAITS:
		return wait_for(regs->ebx, regs->edx, nsecs);
	case FUTEX_WAKES:
		return 0;
	default:
		return -ENOSYS;
	}
}

/* Other commands have another argument where FUTEX_WAITS has its timeout. */
static int has_timeout(const struct bridge_regs *regs)
{
	return (regs->ecx & FUTEX_COMMAND) == FUTEX_WAITS && regs->esi;
}

int32_t linux_futex(struct bridge_regs *regs)
{
	uint64_t nsecs = NSECS_MAX;
	int32_t result = has_timeout(regs) ? user_get_time32(regs->esi, &nsecs) : OK;

	return result == OK ? futex(regs, nsecs) : result;
}

int32_t linux_futex_time64(struct bridge_regs *regs)
{
	uint64_t nsecs = NSECS_MAX;
	int32_t result = has_timeout(regs) ? user_get_time64(regs->esi, &nsecs) : OK;

	return result == OK ? futex(regs, nsecs) : result;
}
