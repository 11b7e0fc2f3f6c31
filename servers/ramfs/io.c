/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing. A file's bytes go straight from the mapped archive to the reader. A pipe's readers and
 * writers all wait in its queues first; pipe_changed then serves those that can be served, in order:
 *
 *   writers' memory --lent_read--> ring --lent_write--> readers' memory
 *
 * A reader is answered as soon as there is anything. Bytes leave the ring when they have arrived: what could
 * not be given to a reader, because it has died or its buffer is bad, is the next one's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "ramfs.h"

/* ---- Waiting ---- */

void wait_enqueue(struct client *client, enum wait_kind kind, struct wait_queue *queue)
{
	struct wait *wait = &client->wait;

	wait->kind = kind;
	wait->queue = queue;
	wait->next = NULL;
	if (queue->last)
		queue->last->wait.next = client;
	else
		queue->first = client;
	queue->last = client;
}

void wait_drop(struct client *client)
{
	struct wait *wait = &client->wait;
	struct client *before = NULL;

	if (wait->kind == WAIT_NOT)
		return;
	if (wait->kind == WAIT_POLL)
		poll_forget(client);
	for (struct client *c = wait->queue->first; c != client; c = c->wait.next)
		before = c;
	if (before)
		before->wait.next = wait->next;
	else
		wait->queue->first = wait->next;
	if (wait->queue->last == client)
		wait->queue->last = before;
	wait->kind = WAIT_NOT;
}

/* It may find nobody: a process need not wait for the answer to its call. */
void wait_answer(struct client *client, int result, const void *reply, size_t bytes)
{
	wait_drop(client);
	(void)server_reply(client->endpoint, result, reply, bytes);
}

static void answer_reader(struct client *reader, int result, uint32_t bytes)
{
	const struct ramfs_read_rep reply = {.bytes = bytes};

	wait_answer(reader, result, &reply, sizeof(reply));
}

/* A write that fails halfway has written what it has. */
static void answer_writer(struct client *writer, int result)
{
	const struct ramfs_write_rep reply = {.bytes = writer->wait.done, .broken = result == -EPIPE};

	wait_answer(writer, writer->wait.done ? OK : result, &reply, sizeof(reply));
}

void wait_cancel(endpoint_t endpoint)
{
	struct client *client = client_find(endpoint);

	if (!client || client->wait.kind == WAIT_NOT)
		return;
	if (client->wait.kind == WAIT_WRITE)
		answer_writer(client, -EINTR);
	else
		wait_answer(client, -EINTR, NULL, 0);
}

/* ---- Pipes ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Copies what is there, which may go round the ring's end, and then takes it. */
static int give(struct pipe *pipe, const struct client *reader, uint32_t bytes)
{
	uint8_t *piece;
	uint32_t first = pipe_data(pipe, bytes, &piece);
	int result = lent_write(reader->endpoint, reader->wait.grant, 0, piece, first);

	if (result == OK && first < bytes)
		result = lent_write(reader->endpoint, reader->wait.grant, first, pipe->bytes, bytes - first);
	if (result == OK)
		pipe_took(pipe, bytes);
	return result;
}

/* 0: nobody reads, or there is nothing to be read yet. */
static int serve_reader(struct pipe *pipe)
{
	struct client *reader = pipe->reading.first;
	uint32_t bytes;
	int result;

	if (!reader || (pipe->used == 0 && pipe->writers))
		return 0;
	bytes = least(pipe->used, reader->wait.bytes);
	result = bytes ? give(pipe, reader, bytes) : OK;
	answer_reader(reader, result, bytes);
	return 1;
}

/* How much room a write waits for: what is written at one stroke goes in whole. */
static uint32_t room_wanted(const struct wait *wait)
{
	return wait->bytes <= RAMFS_PIPE_BUF ? wait->bytes - wait->done : 1;
}

/* 0: nobody writes, or there is no room yet. */
static int serve_writer(struct pipe *pipe)
{
	struct client *writer = pipe->writing.first;
	struct wait *wait;
	uint8_t *piece;
	uint32_t bytes;
	int result = -EPIPE;

	if (!writer)
		return 0;
	wait = &writer->wait;
	if (pipe->readers) {
		if (pipe_room(pipe) < room_wanted(wait))
			return 0;
		bytes = pipe_space(pipe, wait->bytes - wait->done, &piece);
		result = lent_read(writer->endpoint, wait->grant, wait->done, piece, bytes);
	}
	if (result == OK) {
		pipe_put(pipe, bytes);
		wait->done += bytes;
	}
	if (result != OK || wait->done == wait->bytes)
		answer_writer(writer, result);
	return 1;
}

/* It ends: each turn but those of serve_writer answers somebody, and between two of these the ring fills. */
void pipe_changed(struct pipe *pipe)
{
	int moved;

	do {
		moved = serve_writer(pipe);
		moved |= serve_reader(pipe);
	} while (moved);
	if (pipe->polled)
		poll_check(pipe);
}

/* Begins the wait and serves the pipe. 1: the client waits still. */
static int join(struct client *client, enum wait_kind kind, struct pipe *pipe, cp_grant_id_t grant,
                uint32_t bytes)
{
	struct wait *wait = &client->wait;

	wait->pipe = pipe;
	wait->grant = grant;
	wait->bytes = bytes;
	wait->done = 0;
	wait_enqueue(client, kind, kind == WAIT_READ ? &pipe->reading : &pipe->writing);
	pipe_changed(pipe);
	return wait->kind != WAIT_NOT;
}

static int read_pipe(struct client *client, const struct open_file *file,
                     const struct ramfs_read_req *request)
{
	if (request->flags & RAMFS_AT)
		return -ESPIPE;
	if (request->bytes == 0)
		return OK;
	if (!join(client, WAIT_READ, file->pipe, request->grant, least(request->bytes, INT_MAX)))
		return SERVER_NO_REPLY;
	if (!(file->flags & O_NONBLOCK) && !(request->flags & RAMFS_NOWAIT))
		return SERVER_NO_REPLY;
	wait_drop(client);
	return -EAGAIN;
}

/* ---- Files ---- */

static int read_file(endpoint_t caller, struct open_file *file, const struct ramfs_read_req *request,
                     struct ramfs_read_rep *reply)
{
	const struct node *node = file->node;
	uint64_t position = request->flags & RAMFS_AT ? request->offset : file->position;
	uint32_t bytes = position < node->bytes ? node->bytes - (uint32_t)position : 0;
	int result = OK;

	if (node_is_directory(node))
		return -EISDIR;
	if (position > INT64_MAX)
		return -EINVAL;
	bytes = least(bytes, request->bytes);
	if (bytes)
		result = lent_write(caller, request->grant, 0,
		                    archive_data + node->offset + (uint32_t)position, bytes);
	if (result != OK)
		return result;
	if (!(request->flags & RAMFS_AT))
		file->position += bytes;
	reply->bytes = bytes;
	return OK;
}

/* ---- The calls ---- */

int do_read(endpoint_t caller, const struct ramfs_read_req *request, struct ramfs_read_rep *reply)
{
	struct client *client = client_find(caller);
	struct open_file *file = client_file(client, request->fd);

	if (!file || (file->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (request->flags & ~(uint32_t)(RAMFS_AT | RAMFS_NOWAIT))
		return -EINVAL;
	return file->pipe ? read_pipe(client, file, request) : read_file(caller, file, request, reply);
}

int do_write(endpoint_t caller, const struct ramfs_write_req *request, struct ramfs_write_rep *reply)
{
	struct client *client = client_find(caller);
	struct open_file *file = client_file(client, request->fd);

	(void)reply;
	if (!file || (file->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (request->bytes == 0)
		return OK;
	if (!join(client, WAIT_WRITE, file->pipe, request->grant, least(request->bytes, INT_MAX)) ||
	    !(file->flags & O_NONBLOCK))
		return SERVER_NO_REPLY;
	answer_writer(client, -EAGAIN);
	return SERVER_NO_REPLY;
}

static int64_t seek_base(const struct open_file *file, uint32_t whence)
{
	switch (whence) {
	case SEEK_SET:
		return 0;
	case SEEK_CUR:
		return (int64_t)file->position;
	case SEEK_END:
		return node_is_directory(file->node) ? -EINVAL : (int64_t)file->node->bytes;
	default:
		return -EINVAL;
	}
}

int do_seek(endpoint_t caller, const struct ramfs_seek_req *request, struct ramfs_seek_rep *reply)
{
	struct open_file *file = client_file(client_find(caller), request->fd);
	int64_t base, position;

	if (!file)
		return -EBADF;
	if (!file->node)
		return -ESPIPE;
	base = seek_base(file, request->whence);
	if (base < 0)
		return -EINVAL;
	if (__builtin_add_overflow(base, request->offset, &position))
		return -EOVERFLOW;
	if (position < 0)
		return -EINVAL;
	reply->offset = file->position = (uint64_t)position;
	return OK;
}
