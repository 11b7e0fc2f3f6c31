/* SPDX-License-Identifier: MIT */
/*
 * Many events made few: what a listener that asked for nothing meanwhile knows after the few is what it
 * would know after the many. Pure.
 */
#ifndef PM_CONDENSE_H
#define PM_CONDENSE_H

#include <stdint.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/pm.h>

/* So many are left at most: of each slot an exit, a fork, an exec, and a stand-in's fork and exit. */
#define CONDENSED_MAX (5 * ENDPOINT_SLOTS)

/* Numbers `after` + 1 to `after` + count, modulo 2^32; number n is at ring[n % ring_size]. Returns how many
 * are left, with the numbers from `after` + 1. */
uint32_t condense_events(struct pm_event *ring, uint32_t ring_size, uint32_t after, uint32_t count);

#endif
