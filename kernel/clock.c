/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include "alarm.h"
#include "arch.h"
#include "sched.h"

uint32_t clock_epoch;

static uint64_t ticks;
static uint64_t last_uptime;

void clock_tick(void)
{
	ticks++;
	/* While the system idles nobody runs, whoever was last. */
	if (current && proc_runnable(current) && sched_pick() == current)
		sched_tick(current);
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
