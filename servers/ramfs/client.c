/* SPDX-License-Identifier: MIT */
/* Clients and their descriptors: see client.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <granite/abi/layout.h>

#include "client.h"
#include "ramfs.h"

#define BIT(fd) (1ull << (fd))

/*
 * There is a client for each slot of the process table, so they never run out. The one freed last is used
 * first: only as many ever need memory as there are at one time.
 */
static struct client clients[ENDPOINT_SLOTS];
/* NULL: the slot's owner has nothing. One page, so that ramfs has all of it from the first event on. */
static struct client *by_slot[ENDPOINT_SLOTS] __attribute__((aligned(PAGE_SIZE)));
static struct client *free_list; /* linked by wait.next */
static uint32_t nr_used;         /* clients from here on have never been used */
static uint32_t nr_clients, nr_files;

uint32_t client_count(void)
{
	return nr_clients;
}

uint32_t file_count(void)
{
	return nr_files;
}

/* ---- Open files ---- */

struct open_file *file_open(struct node *node, struct pipe *pipe, uint32_t flags)
{
	struct open_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	*file = (struct open_file){.node = node, .pipe = pipe, .flags = flags};
	nr_files++;
	return file;
}

void file_discard(struct open_file *file)
{
	nr_files--;
	free(file);
}

static void close_end(struct pipe *pipe, uint32_t flags)
{
	if ((flags & O_ACCMODE) == O_RDONLY)
		pipe->readers--;
	else
		pipe->writers--;
	if (pipe->readers || pipe->writers)
		pipe_changed(pipe);
	else
		pipe_free(pipe);
}

static void release(struct open_file *file)
{
	if (--file->references)
		return;
	if (file->pipe)
		close_end(file->pipe, file->flags);
	file_discard(file);
}

/* ---- Descriptors ---- */

struct open_file *client_file(const struct client *client, int32_t fd)
{
	return client && fd_in_range(fd) ? client->files[fd] : NULL;
}

void client_set_cloexec(struct client *client, int32_t fd, int cloexec)
{
	client->cloexec = cloexec ? client->cloexec | BIT(fd) : client->cloexec & ~BIT(fd);
}

void client_install(struct client *client, int32_t fd, struct open_file *file, int cloexec)
{
	file->references++;
	client->files[fd] = file;
	client_set_cloexec(client, fd, cloexec);
}

void client_close(struct client *client, int32_t fd)
{
	struct open_file *file = client->files[fd];

	client->files[fd] = NULL;
	client_set_cloexec(client, fd, 0);
	release(file);
}

/* ---- Clients ---- */

struct client *client_find(endpoint_t endpoint)
{
	struct client *client = endpoint > 0 ? by_slot[ENDPOINT_SLOT(endpoint)] : NULL;

	return client && client->endpoint == endpoint ? client : NULL;
}

static struct client *take_free(void)
{
	struct client *client = free_list;

	if (!client)
		return &clients[nr_used++];
	free_list = client->wait.next;
	return client;
}

static struct client *begin(endpoint_t endpoint)
{
	struct client **place = &by_slot[ENDPOINT_SLOT(endpoint)];

	if (*place)
		client_exited((*place)->endpoint);
	*place = take_free();
	(*place)->endpoint = endpoint;
	(*place)->directory = tree_root();
	nr_clients++;
	return *place;
}

static void end(struct client *client)
{
	by_slot[ENDPOINT_SLOT(client->endpoint)] = NULL;
	client->endpoint = 0;
	client->wait.next = free_list;
	free_list = client;
	nr_clients--;
}

/* A request may outlive the process that has sent it, and PM tells of an end only once. */
struct client *client_make(endpoint_t endpoint)
{
	struct client *client = client_find(endpoint);

	if (client)
		return client;
	return process_lives(endpoint) ? begin(endpoint) : NULL;
}

void client_forked(endpoint_t parent_endpoint, endpoint_t child_endpoint)
{
	const struct client *parent = client_find(parent_endpoint);
	struct client *child;

	if (!parent)
		return;
	child = begin(child_endpoint);
	child->directory = parent->directory;
	for (int32_t fd = 0; fd < RAMFS_FDS; fd++)
		if (parent->files[fd])
			client_install(child, fd, parent->files[fd], (parent->cloexec & BIT(fd)) != 0);
}

static void close_all(struct client *client, uint64_t which)
{
	for (int32_t fd = 0; fd < RAMFS_FDS; fd++)
		if (client->files[fd] && which & BIT(fd))
			client_close(client, fd);
}

/* What it has lent is lost by exec, so nothing can be done any more for a call that it did not wait for. */
void client_execed(endpoint_t endpoint)
{
	struct client *client = client_find(endpoint);

	if (!client)
		return;
	wait_drop(client);
	close_all(client, client->cloexec);
}

void client_exited(endpoint_t endpoint)
{
	struct client *client = client_find(endpoint);

	if (!client)
		return;
	wait_drop(client);
	close_all(client, ~0ull);
	end(client);
}
