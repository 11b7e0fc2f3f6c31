/* SPDX-License-Identifier: MIT */
/*
 * Processes of one priority take turns, a quantum each; when all that can run have had theirs, the next round
 * begins. A process that wakes goes before its equals, as long as something of its quantum for this round is
 * left: they had the processor while it slept, and what a person waits for should not wait for their quanta.
 *
 * In each priority at most one process pays for a clock tick, from its quantum: the last one that woke in
 * this tick (its first waking in the tick is what counts), or if none did the one that ran when the tick
 * began. So nobody gains by sleeping just when the clock ticks, nor by waking often, and a process that
 * another was put before does not pay for it.
 *
 *     head                                                                   tail
 *     | woken; in its turn | waits for its turn: round | has had it: round + 1 |
 */
#include "sched.h"

#include "vmassert.h"

static struct {
	struct proc *head, *tail;
} queue[SCHED_PRIORITIES];

/* What belongs to each queue, but is seldom looked at. */
static struct turns {
	uint32_t round;     /* the one going on when turns_of() last looked */
	struct proc *payer; /* who pays for this clock tick; NULL: not known yet */
} turns[SCHED_PRIORITIES];

static uint32_t occupied; /* a bit a queue that is not empty */
static uint32_t now;      /* in clock ticks */

_Static_assert(SCHED_PRIORITIES <= 32, "a word has a bit for each queue");

struct proc *sched_pick(void)
{
	return occupied ? queue[__builtin_ctz(occupied)].head : NULL;
}

/* Whether p has had its turn in this round. Rounds are compared so that they may start again from 0. */
static int had_turn(const struct proc *p, const struct turns *t)
{
	return (int32_t)(p->round - t->round) > 0;
}

/*
 * The turns in p's queue. The next round begins as soon as the head of the queue is a process of that round;
 * this is not looked at whenever the head changes, only here, when it matters.
 */
static struct turns *turns_of(const struct proc *p)
{
	struct turns *t = &turns[p->priority];
	const struct proc *head = queue[p->priority].head;

	if (head && had_turn(head, t))
		t->round = head->round;
	return t;
}

static void put_first(struct proc *p)
{
	uint32_t q = p->priority;

	p->ready_prev = NULL;
	p->ready_next = queue[q].head;
	if (queue[q].head)
		queue[q].head->ready_prev = p;
	else
		queue[q].tail = p;
	queue[q].head = p;
	occupied |= 1u << q;
}

static void put_last(struct proc *p)
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

/*
 * p's first waking in this clock tick. (Its later ones are quick: between two ticks no turn ends by itself.)
 * If it has slept through a round it gets a new quantum.
 */
__attribute__((noinline)) static void wake_in_tick(struct proc *p)
{
	struct turns *t = turns_of(p);

	if (had_turn(p, t)) {
		if (queue[p->priority].head) {
			put_last(p);
			return;
		}
		t->round = p->round;
	} else if (p->round != t->round) {
		p->round = t->round;
		p->ticks_left = p->quantum;
	}
	p->woken_at = now;
	t->payer = p;
	put_first(p);
}

void sched_wake(struct proc *p)
{
	if (p->woken_at == now)
		put_first(p);
	else
		wake_in_tick(p);
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

static void end_turn(struct proc *p)
{
	p->round = turns_of(p)->round + 1;
	p->ticks_left = p->quantum;
	p->woken_at = now - 1; /* that it wakes again in this tick makes a difference now */
}

void sched_requeue(struct proc *p)
{
	end_turn(p);
	if (!proc_runnable(p))
		return;
	sched_dequeue(p);
	put_last(p);
}

/* The clock tick that has passed is paid for. */
static void settle(struct turns *t)
{
	struct proc *payer = t->payer;

	t->payer = NULL;
	if (payer && --payer->ticks_left == 0)
		sched_requeue(payer);
}

void sched_tick(struct proc *running)
{
	struct proc *next;

	now++;
	if (running) {
		running->ticks_used++;
		if (!turns[running->priority].payer)
			turns[running->priority].payer = running;
	}
	for (int i = 0; i < SCHED_PRIORITIES; i++)
		settle(&turns[i]);
	next = sched_pick();
	if (next)
		turns[next->priority].payer = next;
}

void sched_forget(const struct proc *p)
{
	if (turns[p->priority].payer == p)
		turns[p->priority].payer = NULL;
}

void sched_set(struct proc *p, uint32_t priority, uint32_t quantum)
{
	int queued = proc_runnable(p);

	vmassert(priority < SCHED_PRIORITIES && quantum > 0);
	if (queued)
		sched_dequeue(p);
	sched_forget(p);
	p->priority = priority;
	p->quantum = quantum;
	end_turn(p);
	if (queued)
		put_last(p);
}

void sched_inherit(struct proc *child, const struct proc *parent)
{
	vmassert(!proc_runnable(child));
	child->priority = parent->priority;
	child->quantum = parent->quantum;
	child->ticks_left = parent->ticks_left;
	child->round = parent->round;
	child->woken_at = parent->woken_at;
}
