/* SPDX-License-Identifier: MIT */
/* Time: ticks. */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include "proc.h"

#define CLOCK_HZ       100
#define NSECS_PER_SEC  1000000000ull
#define NSECS_PER_TICK (NSECS_PER_SEC / CLOCK_HZ)

extern uint32_t clock_epoch; /* the time of day at boot, seconds since 1970 */

void clock_tick(void);              /* a timer interrupt */
uint64_t clock_uptime(void);        /* nanoseconds since boot, to a microsecond; never goes back */
uint64_t clock_uptime_coarse(void); /* to a tick, but cheap */

#endif
