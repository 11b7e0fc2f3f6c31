/* SPDX-License-Identifier: MIT */
/* From Linux's times to nanoseconds and back. */
#ifndef BRIDGE_CONVERT_H
#define BRIDGE_CONVERT_H

#include <stdint.h>

#include "linux.h"

#define NSECS_PER_SEC  1000000000u
#define NSECS_PER_USEC 1000u
#define NSECS_MAX      INT64_MAX /* 292 years; longer times are cut to this */

/* *nsecs = sec seconds and nsec nanoseconds. -EINVAL: one is negative, or nsec is a second or more. */
int32_t nsecs_of(int64_t sec, int32_t nsec, uint64_t *nsecs);

struct linux_timespec32 timespec32_of(uint64_t nsecs);
struct linux_timespec64 timespec64_of(uint64_t nsecs);

/* Rounded up, so that a time left is never shown as none. */
struct linux_timeval timeval_of(uint64_t nsecs);

#endif
