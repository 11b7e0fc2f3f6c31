/* SPDX-License-Identifier: MIT */
/* Servers that restart: see peer.h. */
#include <granite/abi/errno.h>
#include <granite/console.h>
#include <granite/ramfs.h>
#include <granite/rs.h>

#include "peer.h"

#define RESTART_NSECS 10000000000ull /* so long at most: RS waits 5 s at most before it starts one again */

_Static_assert(sizeof(union ramfs_outcome_message) == sizeof(union console_outcome_message),
               "all servers are asked in one form");

/* RS passes on what was kept to the one that it starts; if it starts none, that is given up. */
static int32_t why_not(int32_t result, struct once_outcome *outcome)
{
	if (result == -ENODEV)
		outcome->origin = NONE;
	return result == -ENODEV || result == -ETIMEDOUT ? -EIO : result;
}

static int32_t find_first(struct peer *peer, struct once_outcome *outcome)
{
	endpoint_t found = peer->gives_up ? rs_await_intr(peer->label, NONE, RESTART_NSECS)
	                                  : rs_await(peer->label, NONE, RESTART_NSECS);

	if (found < 0)
		return why_not(found, outcome);
	peer->endpoint = found;
	return OK;
}

/* -EDEADSRCDST: the successor is dead, too. */
static int32_t find_successor(struct peer *peer, uint64_t serial, struct once_outcome *outcome)
{
	endpoint_t found = rs_await(peer->label, peer->dead, RESTART_NSECS);
	union ramfs_outcome_message call;
	int32_t result;

	if (found < 0)
		return why_not(found, outcome);
	call.req = (struct ramfs_outcome_req){.serial = serial};
	result = call_server(found, peer->outcome, &call.m);
	if (result == -EDEADSRCDST)
		peer->dead = found;
	if (result != OK)
		return result;
	peer->endpoint = found;
	*outcome = call.rep.outcome;
	return OK;
}

int32_t peer_find(struct peer *peer, uint64_t serial, struct once_outcome *outcome)
{
	int32_t result;

	if (peer->endpoint != NONE)
		return OK;
	if (peer->dead == NONE)
		return find_first(peer, outcome);
	do
		result = find_successor(peer, serial, outcome);
	while (result == -EDEADSRCDST);
	return result;
}

int peer_died(struct peer *peer, int32_t result)
{
	if (result != -EDEADSRCDST || peer->endpoint == NONE)
		return 0;
	peer->dead = peer->endpoint;
	peer->endpoint = NONE;
	return 1;
}
