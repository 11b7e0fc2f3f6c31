/* SPDX-License-Identifier: MIT */
/*
 * Clients, what their descriptors stand for, and what they wait for. A client is known from its first
 * descriptor or chdir to its end; all others have no descriptor, and the root as working directory. Room for
 * these is everybody's own: for RAMFS_FDS descriptors in each client, and a client for each slot of the
 * process table. Open files and pipes all clients share; the last quarter of each is for services, so that
 * these have some whatever others do.
 */
#ifndef RAMFS_CLIENT_H
#define RAMFS_CLIENT_H

#include <granite/abi/endpoint.h>
#include <granite/abi/ramfs.h>
#include <granite/once.h>
#include "pipe.h"
#include "tree.h"

/* An open file: what descriptors, also of several clients after a fork, stand for. Kept. */
struct open_file {
	struct pipe *pipe; /* of an end of one */
	struct open_file *next_free;
	uint64_t position;   /* in a directory the number of an entry */
	uint32_t inode;      /* of a file or directory; 0: an end of `pipe` */
	uint32_t flags;      /* open(2)'s: access mode and O_NONBLOCK */
	uint32_t references; /* descriptors; when there are none it is freed */
	uint32_t spare;      /* whole words on any machine */
};

enum wait_kind { WAIT_NOT, WAIT_READ, WAIT_WRITE, WAIT_POLL };

/*
 * io.c's, poll.c's: the call that a client waits in. Its fields count if `kind` says so. Not kept: whoever
 * waits when ramfs dies asks its successor again.
 */
struct wait {
	enum wait_kind kind;
	struct client *next;      /* in the pipe's queue, or of the polls */
	struct wait_queue *queue; /* the one that it is in */
	struct pipe *pipe;        /* WAIT_READ, WAIT_WRITE */
	cp_grant_id_t grant;
	uint64_t serial;      /* of the request */
	int is_impatient;     /* WAIT_READ, WAIT_WRITE: it ends with EAGAIN if it can't be done at once */
	uint32_t bytes, done; /* WAIT_READ, WAIT_WRITE */
	uint64_t deadline;    /* WAIT_POLL: uptime in nanoseconds, or RAMFS_NO_LIMIT */
	uint32_t count;       /* WAIT_POLL: of `polls` */
	struct ramfs_pollfd polls[RAMFS_FDS];
};

/* Kept. */
struct client {
	struct client *next_free;
	endpoint_t endpoint;
	uint32_t directory;  /* the working directory's inode */
	uint32_t cloexec[2]; /* bit n % 32 of word n / 32: exec closes descriptor n; only of open ones */
	struct open_file *files[RAMFS_FDS];
	struct once once;
};

/* The client, or NULL: it has nothing. */
struct client *client_find(endpoint_t endpoint);

/* *client: it, made if need be. -EDEADSRCDST: there is no such process any more; -ENFILE: no memory. */
GRANITE_MUST_CHECK int client_make(endpoint_t endpoint, struct client **client);

/* The call that it waits in, if any. */
struct wait *client_wait(const struct client *client);

/* Memory for the waits of those whom a predecessor has left. 0: there is none. */
int clients_open(void);

/* What PM tells. */
void client_forked(endpoint_t parent, endpoint_t child);
void client_execed(endpoint_t endpoint);
void client_exited(endpoint_t endpoint);

/* How many clients are known. */
uint32_t client_count(void);

/* Whether the client may have one more of what there are `count` of now, and `most` at most. */
int client_may_take(const struct client *client, uint32_t count, uint32_t most);

/*
 * A new open file of the client's without references: of a node, or of an end of a pipe. NULL: there are too
 * many, or no memory.
 */
struct open_file *file_open(const struct client *client, const struct node *node, struct pipe *pipe,
                            uint32_t flags);

/* What it stands for; NULL: an end of a pipe. */
static inline struct node *file_node(const struct open_file *file)
{
	return file->inode ? tree_node(file->inode) : NULL;
}

/* Frees a file that never had a descriptor; the pipe is left as it is. */
void file_discard(struct open_file *file);

/* How many open files there are. */
uint32_t file_count(void);

/* What a descriptor stands for; NULL: it is not open. `client` may be NULL. */
struct open_file *client_file(const struct client *client, int32_t fd);

static inline int fd_in_range(int32_t fd)
{
	return fd >= 0 && fd < RAMFS_FDS;
}

/* Makes `fd`, which is in range and not open, stand for the file. */
void client_install(struct client *client, int32_t fd, struct open_file *file, int cloexec);

/* Closes `fd`, which is open. */
void client_close(struct client *client, int32_t fd);

void client_set_cloexec(struct client *client, int32_t fd, int cloexec);

#endif
