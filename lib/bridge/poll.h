/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors, whatever they stand for: what poll(2) and select(2) share. */
#ifndef BRIDGE_POLL_H
#define BRIDGE_POLL_H

#include <poll.h>
#include <stdint.h>

#include "linux.h"

#define READ_EVENTS  (POLLIN | POLLRDNORM)
#define WRITE_EVENTS (POLLOUT | POLLWRNORM)

/* Times are nanoseconds since boot; CONSOLE_NO_LIMIT is no limit here too. */
int32_t poll_limit_after(uint64_t nsecs, uint64_t *limit);

/*
 * Waits until one of the entries, FD_MAX at most, has something to tell in its `revents`, or until `limit`.
 * Returns how many have, or a negative errno: EINTR; EIO when the console has died for good.
 */
int32_t poll_entries(struct linux_pollfd *entries, uint32_t count, uint64_t limit);

#endif
