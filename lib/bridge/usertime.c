/* SPDX-License-Identifier: MIT */
/* Times in the program's memory: see clocks.h. */
#include <granite/abi/errno.h>

#include "bridge.h"
#include "clocks.h"
#include "convert.h"

int32_t user_get_time32(uint32_t address, uint64_t *nsecs)
{
	struct linux_timespec32 time;
	int32_t result = user_get(&time, address, sizeof(time));

	return result == OK ? nsecs_of(time.sec, time.nsec, nsecs) : result;
}

int32_t user_get_time64(uint32_t address, uint64_t *nsecs)
{
	struct linux_timespec64 time;
	int32_t result = user_get(&time, address, sizeof(time));

	return result == OK ? nsecs_of((int64_t)time.sec, time.nsec, nsecs) : result;
}

int32_t user_put_time32(uint32_t address, uint64_t nsecs)
{
	struct linux_timespec32 time = timespec32_of(nsecs);

	return user_put_if(address, &time, sizeof(time));
}

int32_t user_put_time64(uint32_t address, uint64_t nsecs)
{
	struct linux_timespec64 time = timespec64_of(nsecs);

	return user_put_if(address, &time, sizeof(time));
}
