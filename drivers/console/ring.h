/* SPDX-License-Identifier: MIT */
/* A ring of bytes. The counters run freely, modulo 2^32. Invariant: tail <= head <= tail + RING_SIZE. */
#ifndef CONSOLE_RING_H
#define CONSOLE_RING_H

#include <stdint.h>

#define RING_SIZE 4096 /* a power of two */

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

#endif
