/* SPDX-License-Identifier: MIT */
/* Pipes: see pipe.h. */
#include <stddef.h>
#include <string.h>

#include "kept.h"

static struct pipe_waits waits[PIPES_MAX];

struct pipe_waits *pipe_waits(const struct pipe *pipe)
{
	return &waits[pipe - kept->pipes];
}

void pipes_open(void)
{
	memset(waits, 0, sizeof(waits));
}

uint8_t *pipe_bytes(const struct pipe *pipe)
{
	return kept->pipe_bytes[pipe - kept->pipes];
}

/* One that is free: there are fewer than PIPES_MAX. The place freed last is used first: so few of them ever
 * need memory. NULL: there is none. */
static struct pipe *take_place(void)
{
	struct pipe *pipe = kept->pipes_free;
	uint32_t fresh = kept->pipes_fresh;

	if (pipe) {
		CHANGING(kept->pipes_free);
		kept->pipes_free = pipe->next_free;
		CHANGING(pipe->next_free);
		return pipe;
	}
	if (!kept_has(kept->pipe_bytes, fresh, RAMFS_PIPE_CAPACITY))
		return NULL;
	journal_set(&journal, &kept->pipes_fresh, fresh + 1);
	return &kept->pipes[fresh];
}

struct pipe *pipe_open(const struct client *client)
{
	struct pipe *pipe = client_may_take(client, kept->nr_pipes, PIPES_MAX) ? take_place() : NULL;

	if (!pipe)
		return NULL;
	*pipe = (struct pipe){.readers = 1, .writers = 1};
	journal_set(&journal, &kept->nr_pipes, kept->nr_pipes + 1);
	return pipe;
}

void pipe_free(struct pipe *pipe)
{
	pipe->next_free = kept->pipes_free;
	CHANGING(kept->pipes_free);
	kept->pipes_free = pipe;
	journal_set(&journal, &kept->nr_pipes, kept->nr_pipes - 1);
}

uint32_t pipe_count(void)
{
	return kept->nr_pipes;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t pipe_data(const struct pipe *pipe, uint32_t most, uint8_t **piece)
{
	*piece = pipe_bytes(pipe) + pipe->start;
	return least(least(most, pipe->used), RAMFS_PIPE_CAPACITY - pipe->start);
}

uint32_t pipe_space(const struct pipe *pipe, uint32_t most, uint8_t **piece)
{
	uint32_t end = (pipe->start + pipe->used) % RAMFS_PIPE_CAPACITY;

	*piece = pipe_bytes(pipe) + end;
	return least(least(most, pipe_room(pipe)), RAMFS_PIPE_CAPACITY - end);
}

void pipe_took(struct pipe *pipe, uint32_t bytes)
{
	uint32_t used = pipe->used - bytes;

	journal_set(&journal, &pipe->start, used ? (pipe->start + bytes) % RAMFS_PIPE_CAPACITY : 0);
	journal_set(&journal, &pipe->used, used);
}

void pipe_put(struct pipe *pipe, uint32_t bytes)
{
	journal_set(&journal, &pipe->used, pipe->used + bytes);
}
