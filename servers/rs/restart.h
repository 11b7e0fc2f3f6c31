/* SPDX-License-Identifier: MIT */
/* How long RS waits before it restarts a service that has ended. Pure. */
#ifndef RS_RESTART_H
#define RS_RESTART_H

#include <stdint.h>

#define RESTART_DELAY_MIN_NSECS 100000000ull   /* after the first end */
#define RESTART_DELAY_MAX_NSECS 5000000000ull  /* however often it ends */
#define RESTART_SOUND_NSECS     10000000000ull /* after a run of this length earlier failures are forgotten */

/*
 * The delay after a service has run for ran_nsecs. It doubles each time;
 * *failures counts how often, and is 0 at first.
 */
uint64_t restart_delay(uint32_t *failures, uint64_t ran_nsecs);

#endif
