/* SPDX-License-Identifier: MIT */
/* A queue of timers. See timers.h. */
#include <assert.h>
#include <stddef.h>
#include "timers.h"

static void put(struct timer_queue *queue, uint32_t place, struct timer *timer)
{
	queue->heap[place] = timer;
	timer->place = place;
}

/* Moves the timer towards the front, from a place that is free. */
static void sift_up(struct timer_queue *queue, uint32_t place, struct timer *timer)
{
	while (place > 1 && queue->heap[place / 2]->when > timer->when) {
		put(queue, place, queue->heap[place / 2]);
		place /= 2;
	}
	put(queue, place, timer);
}

/* Moves the timer towards the back, from a place that is free. */
static void sift_down(struct timer_queue *queue, uint32_t place, struct timer *timer)
{
	for (;;) {
		uint32_t child = place * 2;

		if (child > queue->count)
			break;
		if (child < queue->count && queue->heap[child + 1]->when < queue->heap[child]->when)
			child++;
		if (queue->heap[child]->when >= timer->when)
			break;
		put(queue, place, queue->heap[child]);
		place = child;
	}
	put(queue, place, timer);
}

void timer_set(struct timer_queue *queue, struct timer *timer, uint64_t when)
{
	timer_cancel(queue, timer);
	assert(queue->count + 1 < queue->capacity);
	timer->when = when;
	queue->count++;
	sift_up(queue, queue->count, timer);
}

void timer_cancel(struct timer_queue *queue, struct timer *timer)
{
	uint32_t place = timer->place;
	struct timer *last;

	if (place == 0)
		return;
	last = queue->heap[queue->count--];
	timer->place = 0;
	if (last == timer)
		return;
	if (place > 1 && queue->heap[place / 2]->when > last->when)
		sift_up(queue, place, last);
	else
		sift_down(queue, place, last);
}

struct timer *timer_first(const struct timer_queue *queue)
{
	return queue->count ? queue->heap[1] : NULL;
}

struct timer *timer_take_expired(struct timer_queue *queue, uint64_t now)
{
	struct timer *first = timer_first(queue);

	if (!first || first->when > now)
		return NULL;
	timer_cancel(queue, first);
	return first;
}
