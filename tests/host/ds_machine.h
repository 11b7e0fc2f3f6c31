/* SPDX-License-Identifier: MIT */
/*
 * A machine for host tests of the data store: its server and the clients' library are the real code, and its
 * memory outlives it. It can be killed between any two pieces of its code that have no jump in them.
 */
#ifndef DS_MACHINE_H
#define DS_MACHINE_H

#include <granite/abi/grant.h>
#include <granite/ds.h>

#define MACHINE_CLIENTS 6
#define MACHINE_NEVER   UINT32_MAX
#define MACHINE_STORE   0x80000 /* bytes */

/* Starts with an empty store, and all clients alive; the calls are client 0's. */
void machine_boot(void);

/* Who makes the calls from now on: a process, which has a label or not. */
void machine_be(uint32_t client);
endpoint_t machine_endpoint(uint32_t client);

/* A process dies, and another takes its place; with a label that is its successor. */
void machine_die(uint32_t client);
void machine_set_label(uint32_t client, const char *label);

/* Forgets what PM has told while DS was dead, as PM does if it is too much. */
void machine_lose_events(void);

/*
 * Kills DS after so many pieces of its code, counted from now on; and once more after so many that follow
 * (MACHINE_NEVER: not at all).
 */
void machine_kill_after(uint32_t pieces);
void machine_kill_twice(uint32_t pieces, uint32_t more);
/* Whether it has happened. */
int machine_was_killed(void);

/* DS does not come back for so many attempts to find it; at once: 0. */
void machine_stay_dead(uint32_t attempts);
/* Nobody starts DS again. */
void machine_give_up(void);

/* Whether the client has been notified since the last time. */
int machine_notified(uint32_t client);

/* Whether `label` will be started again. */
void machine_returns(int returns);

/* The store's invariants hold. */
void machine_check(void);

/* For grants that a client gives itself. */
cp_grant_id_t machine_lend(const void *memory, size_t bytes, int access);
int machine_call(int32_t operation, struct message *m);

#endif
