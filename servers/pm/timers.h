/* SPDX-License-Identifier: MIT */
/*
 * A queue of timers, the next to expire first: a binary heap, so that setting, moving and cancelling one
 * among n takes log n steps. Pure: time is what the caller says it is.
 */
#ifndef PM_TIMERS_H
#define PM_TIMERS_H

#include <stdint.h>

struct timer {
	uint64_t when;             /* nanoseconds since boot; the queue's while it is queued */
	void (*fire)(void *owner); /* for whoever takes it out when it has expired: what is to be called */
	void *owner;
	uint32_t place; /* the queue's: in the heap, counted from 1; 0: not queued */
};

/* Invariant: heap[i]->place == i, and no timer expires before the one at heap[i / 2]. heap[0] is not used. */
struct timer_queue {
	struct timer **heap;
	uint32_t count;
	uint32_t capacity; /* entries of heap, heap[0] included */
};

/*
 * Queues the timer, or moves it if it is queued. The caller sees to it
 * that the queue has room for all its timers.
 */
void timer_set(struct timer_queue *queue, struct timer *timer, uint64_t when);

/* Takes the timer out; it need not be queued. */
void timer_cancel(struct timer_queue *queue, struct timer *timer);

/* The next timer to expire, or NULL. */
struct timer *timer_first(const struct timer_queue *queue);

/* Takes out one that has expired by `now`, the earliest first; NULL: none has. */
struct timer *timer_take_expired(struct timer_queue *queue, uint64_t now);

static inline int timer_queued(const struct timer *timer)
{
	return timer->place != 0;
}

#endif
