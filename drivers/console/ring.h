/* SPDX-License-Identifier: MIT */
/* A ring of bytes. The counters run freely, modulo 2^32. Invariant: tail <= head <= tail + RING_SIZE. */
#ifndef CONSOLE_RING_H
#define CONSOLE_RING_H

#include <stdint.h>
#include <granite/journal.h>

#define RING_SIZE    4096 /* a power of two */
#define RING_NOTHING 0xff /* in the place of a byte that is expected from a device */

struct ring {
	uint32_t head; /* bytes put in */
	uint32_t tail; /* bytes taken out */
	uint8_t bytes[RING_SIZE];
};

static inline uint32_t ring_used(const struct ring *ring)
{
	return ring->head - ring->tail;
}

static inline uint32_t ring_free(const struct ring *ring)
{
	return RING_SIZE - ring_used(ring);
}

/* The caller has seen that there is room. */
static inline void ring_put(struct ring *ring, uint8_t byte)
{
	ring->bytes[ring->head++ % RING_SIZE] = byte;
}

/* The caller has seen that there is a byte. */
static inline uint8_t ring_take(struct ring *ring)
{
	return ring->bytes[ring->tail++ % RING_SIZE];
}

/*
 * For bytes that a device gives only once. It puts the byte in the place that ring_place names, in one
 * instruction, and then ring_accept counts it. Killed in between, the successor sees that something has come
 * (ring_recover), unless it is RING_NOTHING, which is no character of UTF-8. Needs two free places.
 */
static inline uint8_t *ring_place(struct ring *ring)
{
	return &ring->bytes[ring->head % RING_SIZE];
}

static inline void ring_expect(struct ring *ring)
{
	*ring_place(ring) = RING_NOTHING;
}

static inline void ring_accept(struct ring *ring)
{
	ring->bytes[(ring->head + 1) % RING_SIZE] = RING_NOTHING;
	journal_barrier();
	journal_store(&ring->head, ring->head + 1);
}

static inline void ring_recover(struct ring *ring)
{
	if (*ring_place(ring) != RING_NOTHING)
		ring_accept(ring);
}

static inline int ring_takes_more(const struct ring *ring)
{
	return ring_free(ring) > 1;
}

#endif
