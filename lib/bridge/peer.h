/* SPDX-License-Identifier: MIT */
/*
 * A server or driver that restarts, as the bridge knows it. A call goes on like this when it dies:
 *
 *     call ---> server dies ---> RS: who is its successor? ---> successor: what has become of my call?
 *      ^                                                                  |              |
 *      `------- it was not done: the same call, with a new grant ---------'              v
 *                                                           it was done, or in part: that is the answer
 *
 * No signal ends the two questions, for what was done must not be forgotten.
 */
#ifndef BRIDGE_PEER_H
#define BRIDGE_PEER_H

#include <stdint.h>
#include <granite/abi/once.h>

struct peer {
	const char *label;
	int32_t outcome;     /* the operation that asks what has become of a request */
	endpoint_t endpoint; /* as RS last told; NONE: not asked yet, or found dead */
	endpoint_t dead;     /* the last one that was found dead */
	int gives_up;        /* a signal ends waiting for the first one */
};

/*
 * Finds it; if another is dead *outcome says what was done of the request, otherwise it is left alone.
 * -ESRCH: there never is such a service; -EINTR: a signal has come before there ever was one; -EIO: it takes
 * too long, or it has died for good: then what it kept has gone, and the origin of nobody (NONE) is in
 * *outcome.
 */
int32_t peer_find(struct peer *peer, uint64_t serial, struct once_outcome *outcome);

/* Whether this result of a call means that it is dead, and another is to be found. */
int peer_died(struct peer *peer, int32_t result);

#endif
