/* SPDX-License-Identifier: MIT */
/*
 * Reads, writes and polls that wait for their answer, in the order they came. A process waits for one call at
 * a time, so there is one place for each slot of the process table, and always room.
 */
#ifndef CONSOLE_REQUESTS_H
#define CONSOLE_REQUESTS_H

#include <granite/abi/endpoint.h>
#include <granite/abi/grant.h>

struct request_queue;

/* terminal.c's and poll.c's, but for the last two fields. */
struct request {
	endpoint_t caller;
	cp_grant_id_t grant; /* of the caller's buffer */
	uint32_t bytes;      /* wanted */
	uint64_t asked;      /* a read: when it came, in nanoseconds since boot */
	uint64_t limit;      /* a poll: when it must be answered, or CONSOLE_NO_LIMIT */
	uint32_t events;     /* a poll: CONSOLE_POLL_* that are waited for */
	uint64_t serial;     /* of the request */
	uint32_t done;       /* of a write: bytes already accepted */
	uint32_t end;        /* of a write accepted whole: where it ends in the stream of output */
	struct request *next;
	struct request_queue *queue; /* the one it is in; null: this place is free */
};

struct request_queue {
	struct request *first;
};

/* Adds a request at the queue's end. Null: the caller has one under way already. */
struct request *request_add(struct request_queue *queue, endpoint_t caller, cp_grant_id_t grant,
                            uint32_t bytes);

/* The request that `caller` has under way, or null. */
struct request *request_find(endpoint_t caller);

/* Takes the request out of its queue, and frees its place. */
void request_remove(struct request *request);

#endif
