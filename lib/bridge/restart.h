/* SPDX-License-Identifier: MIT */
/* A server or driver that has died is waited for until RS has started its successor. */
#ifndef BRIDGE_RESTART_H
#define BRIDGE_RESTART_H

#include <stdint.h>
#include <granite/rs.h>

#define RESTART_NSECS 10000000000ull /* so long at most: RS waits 5 s at most before it starts one again */
#define RESTART_TRIES 10             /* so many successors may die too, of this call or of something else */

/*
 * The service's endpoint, which is not `dead` (NONE: nobody is). -ESRCH: there never is such a service; -EIO:
 * it has died for good, or takes too long; -EINTR: a signal has come.
 */
static inline endpoint_t restart_await(const char *label, endpoint_t dead)
{
	endpoint_t found = rs_await(label, dead, RESTART_NSECS);

	return found == -ENODEV || found == -ETIMEDOUT ? -EIO : found;
}

#endif
