/* SPDX-License-Identifier: MIT */
/* DS, the data store: the server around the store's core. See README.md. */
#ifndef DS_DS_H
#define DS_DS_H

#include <granite/abi/ds_calls.h>
#include <granite/abi/ds_label.h>
#include <granite/server.h>

#include "store.h"

#define OP(number, NAME, name) SERVER_DECLARE(ds, name)
#include <granite/abi/ops/ds.def>
#include <granite/abi/ops/ds_label.def>
#undef OP

extern struct store *store;

/* ---- request.c: what is common to all requests ---- */

/* The data store's work space: a value that is being published or retrieved, or a list. It is in kept memory,
 * so that a successor need not take as much again; what is in it is of no meaning then. Aligned to a page. */
#define WORK_BYTES DS_VALUE_MAX
extern uint8_t *work;

/* Who the caller is. */
struct store_caller request_caller(endpoint_t caller);

/* The same of a call that changes something, which is kept. */
struct store_caller request_changer(endpoint_t caller, uint64_t serial);

/* Copies a key that the caller has lent; it is good until the next call. -EINVAL: its length; others of
 * lent_read. */
GRANITE_MUST_CHECK int request_key(endpoint_t caller, const struct ds_key *from, struct store_key *key);

/* Notifies all whom a change concerns. */
void wake_all(void);

/* ---- owners.c, events.c: who is who, and who has died ---- */

void owners_begin(void); /* nobody has been met */

/* By the place in the process table: whose label is known, or that it has none, which stays so. */
extern endpoint_t owners_met[ENDPOINT_SLOTS];

/*
 * Finds out who calls, before anything is done for the caller: if it is a service whose label has not been
 * told yet, that begins now. OK; -ENOSPC: the label has no room; -EIO: RS does not answer.
 */
GRANITE_MUST_CHECK int owner_meet_first(endpoint_t caller);

static inline int owner_meet(endpoint_t caller)
{
	return owners_met[ENDPOINT_SLOT(caller)] == caller ? OK : owner_meet_first(caller);
}

/* A process has ended: what is its own goes. */
void owner_exited(endpoint_t endpoint);

/* Begins to look which owners and labels name processes that are no more, and to do what their deaths should
 * have done. */
void owners_check(void);
int owners_are_looked_at(void); /* whether that goes on */
void owners_go_on(void);        /* does part of it */

/* Asks PM what has become of processes. OK or a negative errno. */
GRANITE_MUST_CHECK int events_pull(void);

/* ---- later.c: what goes on between requests ---- */

void later_begin(void); /* nothing is held */

/* After whatever may have begun something: does part of what is unfinished, and the rest later. */
void later_go_on(void);
void later_alarm(void); /* now is later */

extern int later_is_busy; /* something is unfinished: for somebody later_must_wait() may say so */

/* Whether a request of this caller's has to wait; holds it, and returns SERVER_NO_REPLY. */
int later_must_wait(endpoint_t caller);
int later_hold(endpoint_t caller, int32_t operation, const void *request);
void later_forget(endpoint_t caller); /* it has died */

/* ---- serve.c ---- */

/* Does one of DS's operations for the caller, who has been met and need not wait for anything. */
int ds_serve(endpoint_t caller, int32_t operation, const void *request, void *reply);

/* ---- main.c ---- */

/* One line to the kernel's log; "[ds] " comes by itself. */
void ds_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- peers.c: the machine as DS reaches it; host tests put another in its place ---- */

/* Copy from, or to, what `client` has lent. As sys_safecopyfrom, sys_safecopyto. */
GRANITE_MUST_CHECK int lent_read(endpoint_t client, cp_grant_id_t grant, void *buffer, uint32_t bytes);
GRANITE_MUST_CHECK int lent_write(endpoint_t client, cp_grant_id_t grant, const void *buffer, uint32_t bytes);

/*
 * Memory that is touched for a client's sake must not be the end of DS: so it is asked for before, and never
 * taken from what VM keeps for services. Makes memory present, OK or -ENOMEM; not for a client unless it
 * `grows`. And whether there is so much just now, for who touches it at once: nobody comes between that is
 * less urgent than DS.
 */
GRANITE_MUST_CHECK int memory_present(void *memory, uint32_t bytes, int grows);
int memory_is_spare(uint32_t bytes);

void peer_notify(endpoint_t endpoint);

/* Has the clock notify DS after so long. Whether it will. */
int peer_set_alarm(uint32_t nsecs);

/* Answers a client before the handler returns. OK: it has the answer. */
int peer_answer(endpoint_t client, int result, const void *reply, uint32_t bytes);

/* Whether there is, at this moment, a process of this name. */
int process_lives(endpoint_t endpoint);

/* The label that RS has for this process. -ESRCH: it has none. */
GRANITE_MUST_CHECK int service_label(endpoint_t endpoint, char label[PROC_NAME_MAX]);

/* Whether RS will start the service `label` again, or it runs. */
int service_returns(const char *label);

#endif
