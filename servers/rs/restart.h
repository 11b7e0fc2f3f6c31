/* SPDX-License-Identifier: MIT */
/* How long RS waits before it starts an ended service again. Pure. */
#ifndef RS_RESTART_H
#define RS_RESTART_H

#include <stdint.h>

#define RESTART_DELAY_MIN_NSECS 100000000ull   /* after the first end */
#define RESTART_DELAY_MAX_NSECS 5000000000ull  /* however often it ends */
#define RESTART_SOUND_NSECS     10000000000ull /* having run for so long, it starts with a clean record */

/*
 * The delay after a service has run for ran_nsecs; *failures is its record of ends in quick succession, 0 at
 * first. It doubles with each.
 */
uint64_t restart_delay(uint32_t *failures, uint64_t ran_nsecs);

#endif
