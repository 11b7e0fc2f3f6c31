/* SPDX-License-Identifier: MIT */
/*
 * What a server keeps, in memory that outlives it, so that requests are carried out once: see
 * <granite/abi/once.h>. What a request changes and its answer become true at one stroke, by the journal.
 */
#ifndef GRANITE_ONCE_H
#define GRANITE_ONCE_H

#include <granite/abi/once.h>
#include <granite/journal.h>

struct once_answer {
	uint64_t serial;
	int32_t result;
	uint32_t reply[ONCE_REPLY_WORDS];
};

/* Of one client. Zeros: nothing is known of it. */
struct once {
	struct once_answer answers[2];
	uint32_t current;  /* which of them is the last; the other one says nothing */
	uint32_t progress; /* bytes done of the request `begun`, which is not done */
	uint64_t begun;
};

static inline uint64_t once_serial(const void *request)
{
	const uint32_t *words = request;

	return words[ONCE_SERIAL_WORD] | (uint64_t)words[ONCE_SERIAL_WORD + 1] << 32;
}

/*
 * The answer to the client's request, to be committed with what it has changed; `reply` is of whole words. Of
 * serial 0 nothing is kept.
 */
void once_answer(struct journal *journal, struct once *once, uint64_t serial, int result, const void *reply,
                 size_t bytes);

/* So many bytes of it are done, if this is committed. */
void once_progress(struct journal *journal, struct once *once, uint64_t serial, uint32_t bytes);

/* How many are. */
uint32_t once_done_so_far(const struct once *once, uint64_t serial);

/* Tells what has become of a request; null: of a client that is not known. The origin is left alone. */
void once_tell(const struct once *once, uint64_t serial, struct once_outcome *outcome);

/* ---- Requests that are a server's end ---- */

#define ONCE_DEATHS_MAX 10 /* after so many the request is refused */

/* Which request is being carried out, and which one its server has died in most recently. */
struct once_trial {
	uint64_t serial, deadly;
	endpoint_t caller, deadly_caller;
	uint32_t deaths; /* in a row, in the request `deadly` */
};

/*
 * Before a request is carried out. -EIO: it was ONCE_DEATHS_MAX servers' end. It is sent again and again, and
 * without this one that makes a server crash would be the end of all its successors.
 */
GRANITE_MUST_CHECK int once_try(struct once_trial *trial, endpoint_t caller, uint64_t serial);

/* It has been carried out. */
void once_survived(struct once_trial *trial);

/* A successor begins. */
void once_succeed(struct once_trial *trial);

#endif
