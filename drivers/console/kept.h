/* SPDX-License-Identifier: MIT */
/*
 * What must outlive the driver: what was typed and not read yet, what was written and is not out yet, the
 * modes, and how far each client's requests have come. A successor finds it at KEPT_BASE (vm_keep). Whatever
 * says anything there is noted before it is changed (CHANGING), and becomes true at the next kept_commit,
 * before anybody is answered; but for `typed.head`, `output.tail` and `sent`, which stand alone and only go
 * up. What is in a ring or a line beyond its counters says nothing.
 */
#ifndef CONSOLE_KEPT_H
#define CONSOLE_KEPT_H

#include <granite/abi/console.h>
#include <granite/abi/endpoint.h>
#include <granite/once.h>

#include "line.h"
#include "ring.h"

#define KEPT_RECORDS 128

struct client {
	endpoint_t endpoint; /* of the last one in this slot; 0: nobody */
	struct once once;
};

struct kept {
	uint32_t magic; /* KEPT_MAGIC; stored last when all is made anew */
	uint32_t log_used;
	endpoint_t origin;  /* the driver that it began with */
	uint32_t is_set_up; /* the UART, and `window` */
	struct once_trial trial;
	struct journal_record records[KEPT_RECORDS];

	struct line line;
	struct ring typed, output;
	uint32_t sent;            /* how far `output` has left the machine, as a value of its `tail` */
	int32_t foreground_group; /* where Ctrl-C goes to; 0: none */
	uint32_t signal;          /* that the group is to be sent; 0: none */
	struct console_window window;
	struct client clients[ENDPOINT_SLOTS];
};

extern struct kept *kept;
extern struct journal journal;

/* Notes the object, which is about to change. */
#define CHANGING(object) JOURNAL_SAVE(&journal, object)

/* Notes all of the line but its modes and bytes. */
static inline void line_changing(void)
{
	journal_save(&journal, &kept->line.literal,
	             offsetof(struct line, bytes) - offsetof(struct line, literal));
}

/* Takes over what a predecessor has left, or begins anew. OK or a negative errno. */
GRANITE_MUST_CHECK int kept_open(enum line_kind kind);

void kept_commit(void);

/* What is known of the caller's requests. */
struct once *client_once(endpoint_t caller);

/* Commits, with the answer to the request that is being carried out. */
void kept_answer(endpoint_t caller, uint64_t serial, int result, const void *reply, size_t bytes);

#endif
