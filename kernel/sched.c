/* SPDX-License-Identifier: MIT */
#include "sched.h"

#include "vmassert.h"

static struct {
	struct proc *head, *tail;
} queue[SCHED_PRIORITIES];

static uint32_t occupied; /* a bit a queue that is not empty */

_Static_assert(SCHED_PRIORITIES <= 32, "a word has a bit for each queue");

struct proc *sched_pick(void)
{
	return occupied ? queue[__builtin_ctz(occupied)].head : NULL;
}

/*
 * Who wakes goes before its equals: they had the processor meanwhile, and what a person waits for should not
 * wait for their quanta. But not for ever: after so many wakings it takes its turn behind them.
 */
#define WAKES_MAX 100

void sched_wake(struct proc *p)
{
	uint32_t q = p->priority;

	if (p->wakes++ >= WAKES_MAX) {
		p->wakes = 0;
		sched_enqueue(p);
		return;
	}
	p->ready_prev = NULL;
	p->ready_next = queue[q].head;
	if (queue[q].head)
		queue[q].head->ready_prev = p;
	else
		queue[q].tail = p;
	queue[q].head = p;
	occupied |= 1u << q;
}

void sched_enqueue(struct proc *p)
{
	uint32_t q = p->priority;

	p->ready_next = NULL;
	p->ready_prev = queue[q].tail;
	if (queue[q].tail)
		queue[q].tail->ready_next = p;
	else
		queue[q].head = p;
	queue[q].tail = p;
	occupied |= 1u << q;
}

void sched_dequeue(struct proc *p)
{
	uint32_t q = p->priority;

	if (p->ready_prev)
		p->ready_prev->ready_next = p->ready_next;
	else
		queue[q].head = p->ready_next;
	if (p->ready_next)
		p->ready_next->ready_prev = p->ready_prev;
	else
		queue[q].tail = p->ready_prev;
	if (!queue[q].head)
		occupied &= ~(1u << q);
}

void sched_requeue(struct proc *p)
{
	p->ticks_left = p->quantum;
	p->wakes = 0;
	if (!proc_runnable(p))
		return;
	sched_dequeue(p);
	sched_enqueue(p);
}

void sched_tick(struct proc *p)
{
	p->ticks_used++;
	if (--p->ticks_left == 0)
		sched_requeue(p);
}

void sched_set(struct proc *p, uint32_t priority, uint32_t quantum)
{
	int queued = proc_runnable(p);

	vmassert(priority < SCHED_PRIORITIES && quantum > 0);
	if (queued)
		sched_dequeue(p);
	p->priority = priority;
	p->quantum = p->ticks_left = quantum;
	if (queued)
		sched_enqueue(p);
}
