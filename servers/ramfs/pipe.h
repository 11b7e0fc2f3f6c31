/* SPDX-License-Identifier: MIT */
/* Pipes: rings of bytes. Who waits for one is in io.c. Pure. */
#ifndef RAMFS_PIPE_H
#define RAMFS_PIPE_H

#include <granite/abi/ramfs.h>

#define PIPES_MAX 256

struct client;

/* Clients that wait, in the order in which they came. */
struct wait_queue {
	struct client *first, *last;
};

/* Invariant: there are no pipes without readers and writers; `used` is RAMFS_PIPE_CAPACITY at most. */
struct pipe {
	uint8_t *bytes; /* kept for the next pipe of this place; NULL before the first */
	uint32_t start, used;
	uint32_t readers, writers; /* open files of its ends: 0 or 1 each */
	uint32_t polled;           /* entries of waiting polls that are about it */
	struct wait_queue reading, writing;
	struct pipe *next_free;
};

/* Makes all places free. */
void pipe_init(void);

/* A new pipe with both ends, empty. NULL: there are PIPES_MAX, or no memory for its bytes. */
struct pipe *pipe_open(void);

/* Frees a pipe whose ends are both closed. */
void pipe_free(struct pipe *pipe);

/* How many pipes there are. */
uint32_t pipe_count(void);

static inline uint32_t pipe_room(const struct pipe *pipe)
{
	return RAMFS_PIPE_CAPACITY - pipe->used;
}

/* The first piece of what is in the pipe, or of what is free: *piece, at most `most` bytes. */
uint32_t pipe_data(const struct pipe *pipe, uint32_t most, uint8_t **piece);
uint32_t pipe_space(const struct pipe *pipe, uint32_t most, uint8_t **piece);

/* So many bytes have been taken, or put. */
void pipe_took(struct pipe *pipe, uint32_t bytes);
void pipe_put(struct pipe *pipe, uint32_t bytes);

/* Where the bytes of a pipe come from: RAMFS_PIPE_CAPACITY, present; or NULL. A host test has another. */
uint8_t *pipe_memory(void);

#endif
