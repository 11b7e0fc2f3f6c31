/* SPDX-License-Identifier: MIT */
/* A server or driver that has died is waited for until RS has started its successor. */
#ifndef BRIDGE_RESTART_H
#define BRIDGE_RESTART_H

#include <stdint.h>
#include <granite/rs.h>

#define RESTART_NSECS 10000000000ull /* so long at most: RS waits 5 s at most before it starts one again */
#define RESTART_TRIES 10             /* so many successors may die too, of this call or of something else */

/* A service's endpoint, or why RS does not tell one: to the program that is -EIO. -ESRCH: there never is one.
 */
static inline endpoint_t restart_result(endpoint_t found)
{
	return found == -ENODEV || found == -ETIMEDOUT ? -EIO : found;
}

#endif
