/* SPDX-License-Identifier: MIT */
/*
 * The alarms that are set stand in a binary heap (Knuth, The Art of Computer Programming, vol. 3, 5.2.3): the
 * next to ring is the first, and none rings after its two children, at twice its place. So setting one takes
 * as many steps as the number of alarms has bits.
 */
#include "alarm.h"

#include "ipc.h"
#include "trace.h"
#include "vmassert.h"

static struct proc *heap[NR_PROCS + 1]; /* from 1 on */
static uint32_t count;

static void put(struct proc *p, uint32_t place)
{
	heap[place] = p;
	p->alarm_place = place;
}

/* Puts p at `place` or nearer to the first, while those there ring later. */
static void rise(struct proc *p, uint32_t place)
{
	for (; place > 1 && heap[place / 2]->alarm_at > p->alarm_at; place /= 2)
		put(heap[place / 2], place);
	put(p, place);
}

/* Puts p at `place` or further from the first, while those there ring earlier. */
static void sink(struct proc *p, uint32_t place)
{
	for (;;) {
		uint32_t child = place * 2;

		if (child < count && heap[child + 1]->alarm_at < heap[child]->alarm_at)
			child++;
		if (child > count || heap[child]->alarm_at >= p->alarm_at)
			break;
		put(heap[child], place);
		place = child;
	}
	put(p, place);
}

static void disarm(struct proc *p)
{
	uint32_t place = p->alarm_place;
	struct proc *last;

	if (!place)
		return;
	vmassert(heap[place] == p);
	p->alarm_place = 0;
	p->alarm_at = 0;
	last = heap[count--];
	if (last == p)
		return;
	if (place > 1 && heap[place / 2]->alarm_at > last->alarm_at)
		rise(last, place);
	else
		sink(last, place);
}

void alarm_set(struct proc *p, uint64_t at)
{
	disarm(p);
	p->alarm_fired = 0;
	if (!at)
		return;
	p->alarm_at = at;
	rise(p, ++count);
}

uint32_t alarms_set(void)
{
	return count;
}

void alarm_ring(uint64_t now)
{
	while (count && heap[1]->alarm_at <= now) {
		struct proc *p = heap[1];

		disarm(p);
		p->alarm_fired = 1;
		TRACE(IRQ, plain(EVENT_ALARM, p->endpoint));
		ipc_notify(NULL, p);
	}
}
