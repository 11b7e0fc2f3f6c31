/* SPDX-License-Identifier: MIT */
/* What the client of the data store takes from the system: ds_peer.c; host tests put another in its place. */
#ifndef LIB_SYS_DS_PEER_H
#define LIB_SYS_DS_PEER_H

#include <stddef.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/message.h>
#include <granite/abi/types.h>

/* Makes a call: the reply's result, or why it could not be made. */
GRANITE_MUST_CHECK int ds_peer_call(endpoint_t ds, int32_t operation, struct message *m);

/* The data store's endpoint. As rs_lookup; with `wait` as rs_await_intr, for ever: not `dead`. */
GRANITE_MUST_CHECK endpoint_t ds_peer_find(int wait, endpoint_t dead);

/* Lends memory for a call: an id, or a negative errno. */
GRANITE_MUST_CHECK cp_grant_id_t ds_peer_lend(endpoint_t ds, const void *memory, size_t bytes, int access);
void ds_peer_take_back(cp_grant_id_t grant);

/* Maps what the data store has lent. As sys_safemap. */
GRANITE_MUST_CHECK int ds_peer_map(endpoint_t ds, cp_grant_id_t grant, void *address, size_t bytes,
                                   int writable);

/* Nanoseconds since boot. */
uint64_t ds_peer_now(void);

#endif
