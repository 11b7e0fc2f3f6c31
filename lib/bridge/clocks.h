/* SPDX-License-Identifier: MIT */
#ifndef BRIDGE_CLOCKS_H
#define BRIDGE_CLOCKS_H

#include <stdint.h>

/* Linux's clocks, clock_gettime(2). */
#define CLOCK_ID_REALTIME         0
#define CLOCK_ID_MONOTONIC        1
#define CLOCK_ID_PROCESS          2
#define CLOCK_ID_THREAD           3
#define CLOCK_ID_MONOTONIC_RAW    4
#define CLOCK_ID_REALTIME_COARSE  5
#define CLOCK_ID_MONOTONIC_COARSE 6
#define CLOCK_ID_BOOTTIME         7

/* Reads a clock. -EINVAL: there is none of that number. */
int32_t clock_now(uint32_t clock, uint64_t *nsecs);

/* usertime.c: times in the program's memory. -EFAULT; -EINVAL: no time. Putting to address 0 does nothing. */
int32_t user_get_time32(uint32_t address, uint64_t *nsecs);
int32_t user_get_time64(uint32_t address, uint64_t *nsecs);
int32_t user_put_time32(uint32_t address, uint64_t nsecs);
int32_t user_put_time64(uint32_t address, uint64_t nsecs);

/* sleep.c: sleeps for that long. */
int32_t sleep_for(uint64_t nsecs, uint64_t *left);

#endif
