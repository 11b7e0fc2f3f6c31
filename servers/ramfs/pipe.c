/* SPDX-License-Identifier: MIT */
/* Pipes: see pipe.h. */
#include <stddef.h>

#include "pipe.h"

static struct pipe pipes[PIPES_MAX];
static struct pipe *free_list;
static uint32_t count;

/* The place freed last is used first: so few of them ever need memory. */
void pipe_init(void)
{
	free_list = NULL;
	count = 0;
	for (int i = PIPES_MAX - 1; i >= 0; i--) {
		pipes[i].next_free = free_list;
		free_list = &pipes[i];
	}
}

struct pipe *pipe_open(void)
{
	struct pipe *pipe = free_list;

	if (!pipe)
		return NULL;
	if (!pipe->bytes)
		pipe->bytes = pipe_memory();
	if (!pipe->bytes)
		return NULL;
	free_list = pipe->next_free;
	count++;
	*pipe = (struct pipe){.bytes = pipe->bytes, .readers = 1, .writers = 1};
	return pipe;
}

void pipe_free(struct pipe *pipe)
{
	pipe->next_free = free_list;
	free_list = pipe;
	count--;
}

uint32_t pipe_count(void)
{
	return count;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t pipe_data(const struct pipe *pipe, uint32_t most, uint8_t **piece)
{
	*piece = pipe->bytes + pipe->start;
	return least(least(most, pipe->used), RAMFS_PIPE_CAPACITY - pipe->start);
}

uint32_t pipe_space(const struct pipe *pipe, uint32_t most, uint8_t **piece)
{
	uint32_t end = (pipe->start + pipe->used) % RAMFS_PIPE_CAPACITY;

	*piece = pipe->bytes + end;
	return least(least(most, pipe_room(pipe)), RAMFS_PIPE_CAPACITY - end);
}

void pipe_took(struct pipe *pipe, uint32_t bytes)
{
	pipe->start = (pipe->start + bytes) % RAMFS_PIPE_CAPACITY;
	pipe->used -= bytes;
	if (pipe->used == 0)
		pipe->start = 0;
}

void pipe_put(struct pipe *pipe, uint32_t bytes)
{
	pipe->used += bytes;
}
