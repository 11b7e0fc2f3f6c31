/* SPDX-License-Identifier: MIT */
/* poll(2). Who waits here is asked again when a pipe changes that it polls, and when its time is over. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "kept.h"
#include "ramfs.h"

static struct wait_queue polling;

void polls_open(void)
{
	polling = (struct wait_queue){0};
}

static uint16_t pipe_events(const struct open_file *file)
{
	const struct pipe *pipe = file->pipe;

	if ((file->flags & O_ACCMODE) == O_RDONLY)
		return (uint16_t)((pipe->used ? POLLIN | POLLRDNORM : 0) | (pipe->writers ? 0 : POLLHUP));
	return (uint16_t)((pipe_room(pipe) >= RAMFS_PIPE_BUF ? POLLOUT | POLLWRNORM : 0) |
	                  (pipe->readers ? 0 : POLLERR));
}

/* A file never makes one wait. */
static uint16_t events_of(const struct client *client, int32_t fd)
{
	const struct open_file *file = client_file(client, fd);

	if (!file)
		return POLLNVAL;
	return file->pipe ? pipe_events(file) : POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
}

/* How many entries have something to tell; each says what. */
static uint32_t look(struct client *client)
{
	struct wait *wait = client_wait(client);
	uint32_t ready = 0;

	for (uint32_t i = 0; i < wait->count; i++) {
		struct ramfs_pollfd *poll = &wait->polls[i];

		poll->revents = 0;
		if (poll->fd >= 0)
			poll->revents =
			        events_of(client, poll->fd) & (poll->events | POLLERR | POLLHUP | POLLNVAL);
		ready += poll->revents != 0;
	}
	return ready;
}

static int tell(const struct client *client)
{
	const struct wait *wait = client_wait(client);
	uint32_t bytes = wait->count * (uint32_t)sizeof(wait->polls[0]);

	return bytes ? lent_write(client->endpoint, wait->grant, 0, wait->polls, bytes) : OK;
}

static void answer(struct client *client, uint32_t ready)
{
	const struct ramfs_poll_rep reply = {.ready = ready};

	wait_answer(client, tell(client), &reply, sizeof(reply));
}

/* Counts the client's entries in the pipes that they are about, up or down. */
static void count_polls(const struct client *client, uint32_t one)
{
	for (uint32_t i = 0; i < client_wait(client)->count; i++) {
		const struct open_file *file = client_file(client, client_wait(client)->polls[i].fd);

		if (file && file->pipe)
			pipe_waits(file->pipe)->polled += one;
	}
}

void poll_forget(const struct client *client)
{
	count_polls(client, (uint32_t)-1);
}

static int polls_pipe(const struct client *client, const struct pipe *pipe)
{
	for (uint32_t i = 0; i < client_wait(client)->count; i++) {
		const struct open_file *file = client_file(client, client_wait(client)->polls[i].fd);

		if (file && file->pipe == pipe)
			return 1;
	}
	return 0;
}

void poll_check(const struct pipe *pipe)
{
	struct client *next;

	for (struct client *client = polling.first; client; client = next) {
		uint32_t ready;

		next = client_wait(client)->next;
		if (polls_pipe(client, pipe) && (ready = look(client)))
			answer(client, ready);
	}
}

static void set_clock(void)
{
	uint64_t first = RAMFS_NO_LIMIT;

	for (const struct client *client = polling.first; client; client = client_wait(client)->next)
		if (client_wait(client)->deadline < first)
			first = client_wait(client)->deadline;
	if (first != RAMFS_NO_LIMIT)
		alarm_set(first);
}

void poll_expire(void)
{
	uint64_t now = uptime_now();
	struct client *next;

	for (struct client *client = polling.first; client; client = next) {
		next = client_wait(client)->next;
		if (client_wait(client)->deadline <= now)
			answer(client, look(client));
	}
	set_clock();
}

static int decode(struct client *client, const struct ramfs_poll_req *request)
{
	struct wait *wait = client_wait(client);

	if (request->count > RAMFS_FDS)
		return -EINVAL;
	wait->grant = request->grant;
	wait->count = request->count;
	wait->deadline = request->limit;
	if (wait->count == 0)
		return OK;
	return lent_read(client->endpoint, wait->grant, 0, wait->polls,
	                 wait->count * (uint32_t)sizeof(wait->polls[0]));
}

int do_poll(endpoint_t caller, const struct ramfs_poll_req *request, struct ramfs_poll_rep *reply)
{
	struct client *client;
	int result = client_make(caller, &client);

	if (result == OK)
		result = decode(client, request);
	if (result != OK)
		return result;
	reply->ready = look(client);
	if (reply->ready || request->limit <= uptime_now())
		return tell(client);
	count_polls(client, 1);
	wait_enqueue(client, WAIT_POLL, &polling);
	set_clock();
	return SERVER_NO_REPLY;
}
