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

/* RS does not come to tell of processes that begin; afterwards it tells all labels. */
void machine_rs_is_late(int is_late);
/* What RS answers when it is asked for a label; OK: it does answer. */
void machine_rs_error(int error);

/* Whether there is memory for what grows. */
void machine_has_memory(int has);

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
/* From now on this is done each time that DS is back, before whoever has waited for it calls again. */
void machine_meanwhile(void (*what)(void));
/* Nobody starts DS again. */
void machine_give_up(void);

/*
 * From now on DS's answers, and what it has written to the memory lent to it (the last of it, null: nothing),
 * are changed before the caller sees them; null: they are not.
 */
typedef void (*machine_lie_t)(struct message *reply, uint8_t *memory);
void machine_lie(machine_lie_t lie);

/* Whether the client has been notified since the last time. */
int machine_notified(uint32_t client);

/* Whether `label` will be started again. */
void machine_returns(int returns);

/* The store's invariants hold, and of ranges there is just what it says. */
void machine_check(void);

/* ---- ds_memory.c: DS's memory for ranges ---- */

/* All is gone. */
void memory_boot(void);
/* A new DS has the same memory, but for the grants that it has given. */
void memory_begin(void);
/* The process has died: what it lent is lost, what was kept of it is not. */
void memory_lender_died(endpoint_t lender);
/* The grant was taken back. */
void memory_revoked(cp_grant_id_t grant);
/* How many pages are mapped, by grants or not; how many grants of DS's there are. */
uint32_t memory_pages(void);
uint32_t memory_grants(void);
/* Copies what a grant of DS's gives, as a client would map it. 0: it is no grant for this client and right.
 */
int memory_mapped(cp_grant_id_t grant, endpoint_t client, int writable, void *to, uint32_t bytes);

/* ---- ds_machine.c, for ds_memory.c ---- */

/* What a client has lent for mapping, if it has; NULL: not with these rights. */
const uint8_t *machine_lent(endpoint_t client, cp_grant_id_t grant, int access, uint32_t bytes);

/* For grants that a client gives itself. */
cp_grant_id_t machine_lend(const void *memory, size_t bytes, int access);
int machine_call(int32_t operation, struct message *m);

#endif
