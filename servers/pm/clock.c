/* SPDX-License-Identifier: MIT */
/*
 * All of PM's timers on the kernel's one alarm. The alarm is only ever set to an earlier
 * time. When the timer that it was set for is cancelled it rings for nothing, which is
 * cheaper than a kernel call for each cancelled timer.
 */
#include <granite/sys.h>
#include "pm.h"

#define TIMERS_MAX \
	(2 * PROCESSES_MAX + 2) /* each process's deadline and alarm; deliver.c's retry, crash.c's count */

static struct timer *heap[TIMERS_MAX + 1];
static struct timer_queue queue = {.heap = heap, .capacity = TIMERS_MAX + 1};
static uint64_t armed; /* when the kernel's alarm will ring; 0: it is not set */

uint64_t clock_now(void)
{
	uint64_t now;

	return sys_clock(&now, NULL) == OK ? now : 0;
}

static void arm(void)
{
	const struct timer *first = timer_first(&queue);

	if (!first || (armed && armed <= first->when))
		return;
	armed = first->when ? first->when : 1;
	if (sys_setalarm(armed, 1, NULL) != OK)
		pm_panic("the kernel refuses PM an alarm");
}

void clock_set(struct timer *timer, uint64_t when)
{
	timer_set(&queue, timer, when);
	arm();
}

void clock_cancel(struct timer *timer)
{
	timer_cancel(&queue, timer);
}

void clock_ring(void)
{
	uint64_t now = clock_now();
	struct timer *timer;

	armed = 0;
	while ((timer = timer_take_expired(&queue, now)) != NULL)
		timer->fire(timer->owner);
	arm();
}

uint64_t clock_after(uint64_t start, uint64_t nsecs)
{
	return nsecs > UINT64_MAX - start ? UINT64_MAX : start + nsecs;
}

uint64_t clock_left(const struct timer *timer)
{
	uint64_t now;

	if (!timer_queued(timer))
		return 0;
	now = clock_now();
	return timer->when > now ? timer->when - now : 1;
}
