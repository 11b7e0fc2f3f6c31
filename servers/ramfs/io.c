/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing. A file's bytes go straight from the mapped archive to the reader. A pipe's readers and
 * writers all wait in its queues first; pipes_serve then serves those that can be served, in order:
 *
 *   writers' memory --lent_read--> ring --lent_write--> readers' memory
 *
 * Each step is a transaction: the ring's counters and the answer, or how far a write has come, change at one
 * stroke, and the answer is sent after that. Bytes beyond the counters say nothing.
 *
 * A reader is answered as soon as there is anything. Bytes leave the ring when they have arrived: what could
 * not be given to a reader, because it has died or its buffer is bad, is the next one's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "kept.h"
#include "ramfs.h"

/* ---- Waiting ---- */

void wait_enqueue(struct client *client, enum wait_kind kind, struct wait_queue *queue)
{
	struct wait *wait = client_wait(client);

	wait->kind = kind;
	wait->queue = queue;
	wait->next = NULL;
	if (queue->last)
		client_wait(queue->last)->next = client;
	else
		queue->first = client;
	queue->last = client;
}

static void wait_drop(struct client *client)
{
	struct wait *wait = client_wait(client);
	struct client *before = NULL;

	if (wait->kind == WAIT_NOT)
		return;
	if (wait->kind == WAIT_POLL)
		poll_forget(client);
	for (struct client *c = wait->queue->first; c != client; c = client_wait(c)->next)
		before = c;
	if (before)
		client_wait(before)->next = wait->next;
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

/* What changes something is remembered with it; the rest comes out the same when it is asked again. */
static void remember(struct client *client, int result, const void *reply, size_t bytes)
{
	if (journal_is_open(&journal))
		once_answer(&journal, &client->once, client_wait(client)->serial, result, reply, bytes);
	kept_commit();
}

static void answer_reader(struct client *reader, int result, uint32_t bytes)
{
	const struct ramfs_read_rep reply = {.bytes = bytes};

	remember(reader, result, &reply, sizeof(reply));
	wait_answer(reader, result, &reply, sizeof(reply));
}

/* A write that fails halfway has written what it has. */
static void answer_writer(struct client *writer, int result)
{
	uint32_t done = client_wait(writer)->done;
	const struct ramfs_write_rep reply = {.bytes = done, .broken = result == -EPIPE};

	result = done ? OK : result;
	remember(writer, result, &reply, sizeof(reply));
	wait_answer(writer, result, &reply, sizeof(reply));
}

/* Those who have waited behind it may be next. */
static void let_others_on(const struct wait *wait)
{
	if (wait->kind == WAIT_READ || wait->kind == WAIT_WRITE)
		pipe_changed(wait->pipe);
}

void wait_give_up(struct client *client)
{
	let_others_on(client_wait(client));
	wait_drop(client);
}

void wait_cancel(endpoint_t endpoint)
{
	struct client *client = client_find(endpoint);

	if (!client || client_wait(client)->kind == WAIT_NOT)
		return;
	let_others_on(client_wait(client));
	if (client_wait(client)->kind == WAIT_WRITE)
		answer_writer(client, -EINTR);
	else
		wait_answer(client, -EINTR, NULL, 0);
	pipes_serve();
}

/* ---- Pipes ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Copies what is there, which may go round the ring's end, and then takes it. */
static int give(struct pipe *pipe, const struct client *reader, uint32_t bytes)
{
	cp_grant_id_t grant = client_wait(reader)->grant;
	uint8_t *piece;
	uint32_t first = pipe_data(pipe, bytes, &piece);
	int result = lent_write(reader->endpoint, grant, 0, piece, first);

	if (result == OK && first < bytes)
		result = lent_write(reader->endpoint, grant, first, pipe_bytes(pipe), bytes - first);
	if (result == OK)
		pipe_took(pipe, bytes);
	return result;
}

/* 0: nobody reads, or there is nothing to be read yet. */
static int serve_reader(struct pipe *pipe)
{
	struct client *reader = pipe_waits(pipe)->reading.first;
	uint32_t bytes;
	int result;

	if (!reader || (pipe->used == 0 && pipe->writers))
		return 0;
	bytes = least(pipe->used, client_wait(reader)->bytes);
	result = bytes ? give(pipe, reader, bytes) : OK;
	answer_reader(reader, result, bytes);
	return 1;
}

/* How much room a write waits for: what is written at one stroke goes in whole. */
static uint32_t room_wanted(const struct wait *wait)
{
	return wait->bytes <= RAMFS_PIPE_BUF ? wait->bytes - wait->done : 1;
}

/*
 * Copies what there is room for, which may go round the ring's end, and then puts it, so that what is written
 * at one stroke is put at one, too. If only the second part can't be had, that is found out when it is next.
 */
static int take(struct pipe *pipe, const struct client *writer)
{
	struct wait *wait = client_wait(writer);
	uint32_t bytes = least(wait->bytes - wait->done, pipe_room(pipe));
	uint8_t *piece;
	uint32_t first = pipe_space(pipe, bytes, &piece);
	int result = lent_read(writer->endpoint, wait->grant, wait->done, piece, first);

	if (result != OK)
		return result;
	if (first < bytes && lent_read(writer->endpoint, wait->grant, wait->done + first, pipe_bytes(pipe),
	                               bytes - first) != OK)
		bytes = first;
	pipe_put(pipe, bytes);
	wait->done += bytes;
	return OK;
}

/* 0: nobody writes, or there is no room yet. */
static int serve_writer(struct pipe *pipe)
{
	struct client *writer = pipe_waits(pipe)->writing.first;
	struct wait *wait;
	int result = -EPIPE;

	if (!writer)
		return 0;
	wait = client_wait(writer);
	if (pipe->readers) {
		if (pipe_room(pipe) < room_wanted(wait))
			return 0;
		result = take(pipe, writer);
	}
	if (result != OK || wait->done == wait->bytes) {
		answer_writer(writer, result);
		return 1;
	}
	once_progress(&journal, &writer->once, wait->serial, wait->done);
	kept_commit();
	return 1;
}

/* It ends: each turn but those of serve_writer answers somebody, and between two of these the ring fills. */
static void serve(struct pipe *pipe)
{
	int moved;

	do {
		moved = serve_writer(pipe);
		moved |= serve_reader(pipe);
	} while (moved);
	if (pipe_waits(pipe)->polled)
		poll_check(pipe);
}

static struct pipe *changed; /* through next_changed */

void waits_open(void)
{
	changed = NULL;
	pipes_open();
	polls_open();
}

void pipe_changed(struct pipe *pipe)
{
	struct pipe_waits *waits = pipe_waits(pipe);

	if (waits->is_changed)
		return;
	waits->is_changed = 1;
	waits->next_changed = changed;
	changed = pipe;
}

void pipes_serve(void)
{
	struct pipe *pipe;

	while ((pipe = changed)) {
		changed = pipe_waits(pipe)->next_changed;
		pipe_waits(pipe)->is_changed = 0;
		serve(pipe);
	}
}

void wait_settle(struct client *client)
{
	struct wait *wait = client_wait(client);

	if ((wait->kind != WAIT_READ && wait->kind != WAIT_WRITE) || !wait->is_impatient)
		return;
	if (wait->kind == WAIT_WRITE)
		answer_writer(client, -EAGAIN);
	else
		answer_reader(client, -EAGAIN, 0);
}

/* Of a write that is asked for again; a client may ask for less the second time. */
static uint32_t done_before(const struct client *client, uint32_t bytes)
{
	return least(once_done_so_far(&client->once, request_serial), bytes);
}

/* Begins the wait; the pipe is served when the request has been carried out. */
static int join(struct client *client, enum wait_kind kind, const struct open_file *file, cp_grant_id_t grant,
                uint32_t bytes)
{
	struct pipe_waits *waits = pipe_waits(file->pipe);
	struct wait *wait = client_wait(client);

	wait->pipe = file->pipe;
	wait->grant = grant;
	wait->bytes = least(bytes, INT32_MAX);
	wait->serial = request_serial;
	wait->done = kind == WAIT_WRITE ? done_before(client, wait->bytes) : 0;
	wait->is_impatient = (file->flags & O_NONBLOCK) != 0;
	wait_enqueue(client, kind, kind == WAIT_READ ? &waits->reading : &waits->writing);
	pipe_changed(file->pipe);
	return SERVER_NO_REPLY;
}

static int read_pipe(struct client *client, const struct open_file *file,
                     const struct ramfs_read_req *request)
{
	if (request->flags & RAMFS_AT)
		return -ESPIPE;
	if (request->bytes == 0)
		return OK;
	join(client, WAIT_READ, file, request->grant, request->bytes);
	client_wait(client)->is_impatient |= (request->flags & RAMFS_NOWAIT) != 0;
	return SERVER_NO_REPLY;
}

/* ---- Files ---- */

static int read_file(endpoint_t caller, struct open_file *file, const struct ramfs_read_req *request,
                     struct ramfs_read_rep *reply)
{
	const struct node *node = file_node(file);
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
	if (!(request->flags & RAMFS_AT) && bytes) {
		CHANGING(file->position);
		file->position += bytes;
	}
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

	if (!file || (file->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (done_before(client, request->bytes) == request->bytes) {
		reply->bytes = request->bytes;
		return OK;
	}
	return join(client, WAIT_WRITE, file, request->grant, request->bytes);
}

static int64_t seek_base(const struct open_file *file, uint32_t whence)
{
	switch (whence) {
	case SEEK_SET:
		return 0;
	case SEEK_CUR:
		return (int64_t)file->position;
	case SEEK_END:
		return node_is_directory(file_node(file)) ? -EINVAL : (int64_t)file_node(file)->bytes;
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
	if (file->pipe)
		return -ESPIPE;
	base = seek_base(file, request->whence);
	if (base < 0)
		return -EINVAL;
	if (__builtin_add_overflow(base, request->offset, &position))
		return -EOVERFLOW;
	if (position < 0)
		return -EINVAL;
	if (file->position != (uint64_t)position)
		CHANGING(file->position);
	reply->offset = file->position = (uint64_t)position;
	return OK;
}
