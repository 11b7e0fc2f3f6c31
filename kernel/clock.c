/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include "alarm.h"
#include "arch.h"
#include "counters.h"
#include "sched.h"
#include "trace.h"

uint32_t clock_epoch;

static uint64_t ticks;
static uint64_t last_uptime;

/* While the system idles nobody runs, whoever was last. */
static void bill_tick(void)
{
	const struct proc *next = sched_pick();

	if (!next)
		COUNT(idle_ticks);
	sched_tick(next == current ? current : NULL);
}

void clock_tick(void)
{
	ticks++;
	COUNT(ticks);
	bill_tick();
	TRACE(PROCESS, time());
	alarm_ring(clock_uptime_coarse());
}

uint64_t clock_uptime_coarse(void)
{
	return ticks * NSECS_PER_TICK;
}

uint64_t clock_uptime(void)
{
	uint64_t now = clock_uptime_coarse() + arch_timer_nsecs();

	if (now > last_uptime)
		last_uptime = now;
	return last_uptime;
}
