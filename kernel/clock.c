/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include "arch.h"
#include "ipc.h"
#include "sched.h"

uint32_t clock_epoch;

static uint64_t ticks;
static uint64_t last_uptime;

/* Armed alarms, the next one first. */
static struct proc *alarms;

static void disarm(struct proc *p)
{
	if (!p->alarm_at)
		return;
	if (p->alarm_prev)
		p->alarm_prev->alarm_next = p->alarm_next;
	else
		alarms = p->alarm_next;
	if (p->alarm_next)
		p->alarm_next->alarm_prev = p->alarm_prev;
	p->alarm_at = 0;
}

void clock_set_alarm(struct proc *p, uint64_t at)
{
	struct proc *before = NULL, *after;

	disarm(p);
	p->alarm_fired = 0;
	if (!at)
		return;
	for (after = alarms; after && after->alarm_at <= at; after = after->alarm_next)
		before = after;
	p->alarm_at = at;
	p->alarm_prev = before;
	p->alarm_next = after;
	if (before)
		before->alarm_next = p;
	else
		alarms = p;
	if (after)
		after->alarm_prev = p;
}

static void ring_alarms(uint64_t now)
{
	while (alarms && alarms->alarm_at <= now) {
		struct proc *p = alarms;

		disarm(p);
		p->alarm_fired = 1;
		ipc_notify(NULL, p);
	}
}

void clock_tick(void)
{
	ticks++;
	/* While the system idles nobody runs, whoever was last. */
	if (current && proc_runnable(current) && sched_pick() == current)
		sched_tick(current);
	ring_alarms(ticks * NSECS_PER_TICK);
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
