/* SPDX-License-Identifier: MIT */
/* Pipes: rings of bytes. Who waits for one is in io.c. */
#ifndef RAMFS_PIPE_H
#define RAMFS_PIPE_H

#include <granite/abi/ramfs.h>

#define PIPES_MAX 256

struct client;

/* Clients that wait, in the order in which they came. */
struct wait_queue {
	struct client *first, *last;
};

/* Kept. Invariant: there are no pipes without readers and writers; `used` is RAMFS_PIPE_CAPACITY at most. */
struct pipe {
	struct pipe *next_free;
	uint32_t start, used;
	uint32_t readers, writers; /* open files of its ends: 0 or 1 each */
};

/* Who waits for a pipe: io.c's, poll.c's. Not kept. */
struct pipe_waits {
	struct wait_queue reading, writing;
	uint32_t polled; /* entries of waiting polls that are about it */
	int is_changed;  /* it is to be served: io.c */
	struct pipe *next_changed;
};

struct pipe_waits *pipe_waits(const struct pipe *pipe);

/* Nobody waits for any. */
void pipes_open(void);

/* A new pipe of the client's with both ends, empty. NULL: there are too many, or no memory for its bytes. */
struct pipe *pipe_open(const struct client *client);

/* Frees a pipe whose ends are both closed. */
void pipe_free(struct pipe *pipe);

/* How many pipes there are. */
uint32_t pipe_count(void);

static inline uint32_t pipe_room(const struct pipe *pipe)
{
	return RAMFS_PIPE_CAPACITY - pipe->used;
}

uint8_t *pipe_bytes(const struct pipe *pipe);

/* The first piece of what is in the pipe, or of what is free: *piece, at most `most` bytes. */
uint32_t pipe_data(const struct pipe *pipe, uint32_t most, uint8_t **piece);
uint32_t pipe_space(const struct pipe *pipe, uint32_t most, uint8_t **piece);

/* So many bytes have been taken, or put. */
void pipe_took(struct pipe *pipe, uint32_t bytes);
void pipe_put(struct pipe *pipe, uint32_t bytes);

#endif
