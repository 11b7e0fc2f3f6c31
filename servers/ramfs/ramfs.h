/* SPDX-License-Identifier: MIT */
/* ramfs, the file server: the boot archive's files, read-only, and pipes. See README.md. */
#ifndef RAMFS_RAMFS_H
#define RAMFS_RAMFS_H

#include <granite/abi/pm.h>
#include <granite/server.h>
#include "client.h"

#define OP(number, NAME, name) SERVER_DECLARE(ramfs, name)
#include <granite/abi/ops/ramfs.def>
#undef OP

/* serve.c: what requests become, by their numbers from RAMFS_BASE on. */
extern const struct server_table ramfs_calls;

/* The serial number of the request that is being carried out. */
extern uint64_t request_serial;

/* Where the boot archive is mapped. */
extern const uint8_t *archive_data;

/* ---- peers.c: the machine as ramfs reaches it; host tests put another in its place ---- */

/* Copy from, or to, what `client` has lent. As sys_safecopyfrom, sys_safecopyto. */
GRANITE_MUST_CHECK int lent_read(endpoint_t client, cp_grant_id_t grant, uint32_t offset, void *buffer,
                                 uint32_t bytes);
GRANITE_MUST_CHECK int lent_write(endpoint_t client, cp_grant_id_t grant, uint32_t offset, const void *buffer,
                                  uint32_t bytes);

/* Whether there is, at this moment, a process of this name. */
int process_lives(endpoint_t endpoint);

/* Whether it is a service: RS, which waits for nobody, has a label for it. */
int process_is_service(endpoint_t endpoint);

/* The uptime in nanoseconds. */
uint64_t uptime_now(void);

/*
 * Makes whole pages present, which are kept or volatile memory of ramfs's own. 0: there is no memory.
 * memory_spare is for what a client asks for: it leaves alone what VM keeps back for services.
 */
int memory_ready(void *address, size_t bytes);
int memory_spare(void *address, size_t bytes);

/* Zeroed memory that is not there yet, all its pages: memory_ready. NULL: no room. */
void *volatile_memory(size_t bytes);

/* Has poll_expire called when the uptime is `when`. */
void alarm_set(uint64_t when);

/* ---- io.c: who waits for a pipe ---- */

/* Nobody waits, for pipes or in polls. */
void waits_open(void);
void polls_open(void);

/* Forgets the call that the client waits in, if any, without an answer. */
void wait_give_up(struct client *client);

/* Answers the call that the client waits in. */
void wait_answer(struct client *client, int result, const void *reply, size_t bytes);

/* Ends the call that the client waits in, if any, with EINTR or what it has done. */
void wait_cancel(endpoint_t endpoint);

/* Puts the client to wait at the end of a queue. */
void wait_enqueue(struct client *client, enum wait_kind kind, struct wait_queue *queue);

/* It is to be served, by the next pipes_serve. */
void pipe_changed(struct pipe *pipe);

/*
 * After a commit: moves bytes from writers to readers of changed pipes as far as they go, and answers whom it
 * concerns, each after a commit of its own.
 */
void pipes_serve(void);

/* The client's call can't be done at once: answers it if that is what it wants. */
void wait_settle(struct client *client);

/* ---- poll.c ---- */

/* Answers those who poll the pipe, if it is ready for them now. */
void poll_check(const struct pipe *pipe);

/* The client's poll does not wait any more. */
void poll_forget(const struct client *client);

/* Answers the polls whose time is over. */
void poll_expire(void);

/* ---- events.c ---- */

/*
 * Asks PM what has become of processes. OK or a negative errno; -ERANGE: some events were lost, and with them
 * all descriptors; nobody may be waiting, or ramfs must end.
 */
GRANITE_MUST_CHECK int events_pull(endpoint_t self);

/* What one event does, once. */
void event_take(const struct pm_event *event);

#endif
