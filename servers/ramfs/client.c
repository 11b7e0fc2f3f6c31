/* SPDX-License-Identifier: MIT */
/* Clients and their descriptors: see client.h. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "kept.h"
#include "ramfs.h"

#define BIT(fd) (1u << (fd) % 32)

/*
 * There is a client for each slot of the process table, so they never run out. The one freed last is used
 * first: only as many ever need memory as there are at one time.
 */
static struct wait *waits; /* of kept->clients, in the same places */

uint32_t client_count(void)
{
	return kept->nr_clients;
}

uint32_t file_count(void)
{
	return kept->nr_files;
}

static void add(uint32_t *count, int change)
{
	journal_set(&journal, count, *count + (uint32_t)change);
}

/*
 * Who is a service is asked only where it matters, as it costs a call. A service's children are none: what
 * the shell starts shares with all others, its pipelines are its own.
 */
int client_may_take(const struct client *client, uint32_t count, uint32_t most)
{
	if (count < most - most / 4)
		return 1;
	return count < most && process_is_service(client->endpoint);
}

/* ---- Open files ---- */

/* There is one: fewer than FILES_MAX are open. NULL: no memory. */
static struct open_file *take_file(void)
{
	struct open_file *file = kept->files_free;

	if (file) {
		CHANGING(kept->files_free);
		kept->files_free = file->next_free;
		CHANGING(file->next_free);
		return file;
	}
	if (!kept_has(kept->files, kept->files_fresh, sizeof(struct open_file)))
		return NULL;
	add(&kept->files_fresh, 1);
	return &kept->files[kept->files_fresh - 1];
}

struct open_file *file_open(const struct client *client, const struct node *node, struct pipe *pipe,
                            uint32_t flags)
{
	struct open_file *file = client_may_take(client, kept->nr_files, FILES_MAX) ? take_file() : NULL;

	if (!file)
		return NULL;
	*file = (struct open_file){.inode = node ? node->inode : 0, .pipe = pipe, .flags = flags};
	add(&kept->nr_files, 1);
	return file;
}

void file_discard(struct open_file *file)
{
	add(&kept->nr_files, -1);
	file->next_free = kept->files_free;
	CHANGING(kept->files_free);
	kept->files_free = file;
}

static void close_end(struct pipe *pipe, uint32_t flags)
{
	add((flags & O_ACCMODE) == O_RDONLY ? &pipe->readers : &pipe->writers, -1);
	if (pipe->readers || pipe->writers)
		pipe_changed(pipe);
	else
		pipe_free(pipe);
}

static void release(struct open_file *file)
{
	add(&file->references, -1);
	if (file->references)
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

static int closes_on_exec(const struct client *client, int32_t fd)
{
	return (client->cloexec[fd / 32] & BIT(fd)) != 0;
}

void client_set_cloexec(struct client *client, int32_t fd, int cloexec)
{
	uint32_t *word = &client->cloexec[fd / 32];

	if (closes_on_exec(client, fd) != (cloexec != 0))
		journal_set(&journal, word, *word ^ BIT(fd));
}

void client_install(struct client *client, int32_t fd, struct open_file *file, int cloexec)
{
	add(&file->references, 1);
	CHANGING(client->files[fd]);
	client->files[fd] = file;
	client_set_cloexec(client, fd, cloexec);
}

void client_close(struct client *client, int32_t fd)
{
	struct open_file *file = client->files[fd];

	CHANGING(client->files[fd]);
	client->files[fd] = NULL;
	client_set_cloexec(client, fd, 0);
	release(file);
}

/* ---- Clients ---- */

struct wait *client_wait(const struct client *client)
{
	return &waits[client - kept->clients];
}

int clients_open(void)
{
	waits = volatile_memory(ENDPOINT_SLOTS * sizeof(*waits));
	return waits && memory_ready(waits, kept->clients_fresh * sizeof(*waits));
}

struct client *client_find(endpoint_t endpoint)
{
	struct client *client = endpoint > 0 ? kept->by_slot[ENDPOINT_SLOT(endpoint)] : NULL;

	return client && client->endpoint == endpoint ? client : NULL;
}

static struct client *take_client(void)
{
	struct client *client = kept->clients_free;
	uint32_t fresh = kept->clients_fresh;

	if (client) {
		CHANGING(kept->clients_free);
		kept->clients_free = client->next_free;
		CHANGING(client->next_free);
		return client;
	}
	if (!kept_has(kept->clients, fresh, sizeof(*client)) || !kept_has(waits, fresh, sizeof(*waits)))
		return NULL;
	add(&kept->clients_fresh, 1);
	return &kept->clients[fresh];
}

static struct client *begin(endpoint_t endpoint)
{
	struct client **place = &kept->by_slot[ENDPOINT_SLOT(endpoint)], *client;

	if (*place)
		client_exited((*place)->endpoint);
	client = take_client();
	if (!client)
		return NULL;
	*client = (struct client){.endpoint = endpoint, .directory = tree_root()->inode};
	client_wait(client)->kind = WAIT_NOT;
	CHANGING(*place);
	*place = client;
	add(&kept->nr_clients, 1);
	return client;
}

static void end(struct client *client)
{
	struct client **place = &kept->by_slot[ENDPOINT_SLOT(client->endpoint)];

	CHANGING(*place);
	*place = NULL;
	client->next_free = kept->clients_free;
	CHANGING(kept->clients_free);
	kept->clients_free = client;
	add(&kept->nr_clients, -1);
}

/* A request may outlive the process that has sent it, and PM tells of an end only once. */
int client_make(endpoint_t endpoint, struct client **client)
{
	*client = client_find(endpoint);
	if (*client)
		return OK;
	if (!process_lives(endpoint))
		return -EDEADSRCDST;
	*client = begin(endpoint);
	return *client ? OK : -ENFILE;
}

/* Without memory the child has no descriptors: nobody can be told. */
void client_forked(endpoint_t parent_endpoint, endpoint_t child_endpoint)
{
	const struct client *parent = client_find(parent_endpoint);
	struct client *child;

	if (!parent)
		return;
	child = begin(child_endpoint);
	if (!child)
		return;
	journal_set(&journal, &child->directory, parent->directory);
	for (int32_t fd = 0; fd < RAMFS_FDS; fd++)
		if (parent->files[fd])
			client_install(child, fd, parent->files[fd], closes_on_exec(parent, fd));
}

static void close_all(struct client *client, int what_exec_leaves)
{
	for (int32_t fd = 0; fd < RAMFS_FDS; fd++)
		if (client->files[fd] && (what_exec_leaves || closes_on_exec(client, fd)))
			client_close(client, fd);
}

/* What it has lent is lost by exec, so nothing can be done any more for a call that it did not wait for. */
void client_execed(endpoint_t endpoint)
{
	struct client *client = client_find(endpoint);

	if (!client)
		return;
	wait_give_up(client);
	close_all(client, 0);
}

void client_exited(endpoint_t endpoint)
{
	struct client *client = client_find(endpoint);

	if (!client)
		return;
	wait_give_up(client);
	close_all(client, 1);
	end(client);
}
