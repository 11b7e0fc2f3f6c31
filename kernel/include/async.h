/* SPDX-License-Identifier: MIT */
/* Asynchronous messages: copied into a pool, bounded for each sender and each receiver. */
#ifndef KERNEL_ASYNC_H
#define KERNEL_ASYNC_H

#include "proc.h"

struct async_message {
	struct message message;
	endpoint_t sender;
	uint32_t record;            /* trace.c: which one told of its sending */
	struct async_message *next; /* in the receiver's queue, or in the free list */
};

void async_init(void);

/* Messages under way, from whomever and to whomever. */
uint32_t async_under_way(void);

/* A free entry for one more message. NULL: `from` has too many under way, `to` too many waiting, or the pool
 * is used up. */
struct async_message *async_take(struct proc *from, const struct proc *to);
void async_enqueue(struct proc *to, struct async_message *entry);

/* Removes the oldest message for `to` from `source` (ANY: from whomever) and stores it; 0: there is none. */
int async_fetch(struct proc *to, endpoint_t source, struct message *message);

/* Gives an entry back without delivering it. */
void async_drop(struct async_message *entry);

/* `to` vanishes: its queue is dropped. */
void async_forget(struct proc *to);

#endif
