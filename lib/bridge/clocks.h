/* SPDX-License-Identifier: MIT */
/* Clocks, times in the program's memory, and sleeping: what the calls about time share. */
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

/* time.c: reads a clock. -EINVAL: there is none of that number. */
int32_t clock_now(uint32_t clock, uint64_t *nsecs);

/*
 * usertime.c: a struct timespec in the program's memory, of either form. -EFAULT: a bad address; -EINVAL: it
 * holds no time. Putting one to address 0 does nothing.
 */
int32_t user_get_time32(uint32_t address, uint64_t *nsecs);
int32_t user_get_time64(uint32_t address, uint64_t *nsecs);
int32_t user_put_time32(uint32_t address, uint64_t nsecs);
int32_t user_put_time64(uint32_t address, uint64_t nsecs);

/* sleep.c: sleeps. OK, or -EINTR, with what is left in *left_nsecs. */
int32_t sleep_for(uint64_t nsecs, uint64_t *left_nsecs);

#endif
