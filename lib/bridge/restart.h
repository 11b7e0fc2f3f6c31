/* SPDX-License-Identifier: MIT */
/* A server or driver that has died is waited for until RS has started its successor: 2 seconds at most. */
#ifndef BRIDGE_RESTART_H
#define BRIDGE_RESTART_H

#include <stdint.h>
#include <granite/pm.h>

#define RESTART_TRIES       100
#define RESTART_PAUSE_NSECS 20000000u

/* OK, or -EINTR: a signal has come. */
static inline int32_t restart_pause(void)
{
	union pm_nanosleep_message call;

	call.req = (struct pm_nanosleep_req){.nsecs = RESTART_PAUSE_NSECS};
	return pm_nanosleep_call(&call);
}

#endif
