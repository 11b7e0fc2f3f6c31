/* SPDX-License-Identifier: MIT */
/* Linux's times: see convert.h. */
#include <granite/abi/errno.h>
#include <granite/abi/types.h>

#include "convert.h"

int32_t nsecs_of(int64_t sec, int32_t nsec, uint64_t *nsecs)
{
	if (sec < 0 || nsec < 0 || (uint32_t)nsec >= NSECS_PER_SEC)
		return -EINVAL;
	if (sec >= NSECS_MAX / NSECS_PER_SEC)
		*nsecs = NSECS_MAX;
	else
		*nsecs = (uint64_t)sec * NSECS_PER_SEC + (uint32_t)nsec;
	return OK;
}

struct linux_timespec32 timespec32_of(uint64_t nsecs)
{
	return (struct linux_timespec32){.sec = (int32_t)(nsecs / NSECS_PER_SEC),
	                                 .nsec = (int32_t)(nsecs % NSECS_PER_SEC)};
}

struct linux_timespec64 timespec64_of(uint64_t nsecs)
{
	return (struct linux_timespec64){.sec = nsecs / NSECS_PER_SEC,
	                                 .nsec = (int32_t)(nsecs % NSECS_PER_SEC)};
}

struct linux_timeval timeval_of(uint64_t nsecs)
{
	uint64_t usecs = nsecs / NSECS_PER_USEC + (nsecs % NSECS_PER_USEC != 0);

	return (struct linux_timeval){.sec = (int32_t)(usecs / 1000000), .usec = (int32_t)(usecs % 1000000)};
}
