/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_clock(uint64_t *uptime_nsecs, uint32_t *epoch_secs)
{
	union sys_clock_message call;
	int result = sys_clock_call(&call);

	if (result != OK)
		return result;
	if (uptime_nsecs)
		*uptime_nsecs = call.rep.uptime_nsecs;
	if (epoch_secs)
		*epoch_secs = call.rep.epoch_secs;
	return OK;
}
