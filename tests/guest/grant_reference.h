/* SPDX-License-Identifier: MIT */
/*
 * What processes that lend each other memory must see, byte for byte. A process has one window of memory; a
 * store holds what is in it. Who has another's window mapped sees the same store, who has a snapshot or a
 * copy one of its own. There is nothing else to it: that copies are made late is nothing that can be seen.
 */
#ifndef GUEST_GRANT_REFERENCE_H
#define GUEST_GRANT_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <granite/abi/layout.h>

#include "tap.h"

#define PAGES     6 /* enough that the kernel shares whole pages also where there is an end on either side */
#define BYTES     (PAGES * PAGE_SIZE)
#define ALL_PAGES ((1u << PAGES) - 1)

struct store {
	uint8_t byte[BYTES];
};

#define STORES 12 /* as many as a case needs */

static struct store stores[STORES] __attribute__((aligned(PAGE_SIZE)));
static unsigned stores_used;

static inline void reference_begin(void)
{
	stores_used = 0;
}

static inline struct store *store_new(void)
{
	if (stores_used == STORES) {
		printf("Bail out! the reference has too few stores\n");
		exit(1);
	}
	return &stores[stores_used++];
}

static inline struct store *store_zeros(void)
{
	struct store *store = store_new();
	memset(store, 0, sizeof(*store));
	return store;
}

static inline struct store *store_copy(const struct store *from)
{
	struct store *store = store_new();
	memcpy(store, from, sizeof(*store));
	return store;
}

/* Contents that differ from those of other seeds at every place, and from themselves at any other place. */
static inline void pattern(void *memory, uint32_t seed)
{
	uint32_t *word = memory, value = seed * 0x9e3779b1u + 1;
	for (uint32_t i = 0; i < BYTES / sizeof(*word); i++) {
		value = value * 1664525u + 1013904223u;
		word[i] = value ^ value >> 15;
	}
}

#endif
