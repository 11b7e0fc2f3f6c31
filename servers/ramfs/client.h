/* SPDX-License-Identifier: MIT */
/*
 * Clients, what their descriptors stand for, and what they wait for. A client is known from its first
 * descriptor or chdir to its end; all others have no descriptor, and the root as working directory. Nobody
 * can use up more than its own: a client has room for RAMFS_FDS descriptors, and there is a client for each
 * slot of the process table.
 */
#ifndef RAMFS_CLIENT_H
#define RAMFS_CLIENT_H

#include <granite/abi/endpoint.h>
#include <granite/abi/ramfs.h>
#include "pipe.h"
#include "tree.h"

/* An open file: what descriptors, also of several clients after a fork, stand for. */
struct open_file {
	struct node *node; /* NULL: an end of `pipe` */
	struct pipe *pipe;
	uint64_t position;   /* in a directory the number of an entry */
	uint32_t flags;      /* open(2)'s: access mode and O_NONBLOCK */
	uint32_t references; /* descriptors; when there are none it is freed */
};

enum wait_kind { WAIT_NOT, WAIT_READ, WAIT_WRITE, WAIT_POLL };

/* io.c's, poll.c's: the call that a client waits in. Its fields count if `kind` says so. */
struct wait {
	enum wait_kind kind;
	struct client *next;      /* in the pipe's queue, or of the polls */
	struct wait_queue *queue; /* the one that it is in */
	struct pipe *pipe;        /* WAIT_READ, WAIT_WRITE */
	cp_grant_id_t grant;
	uint32_t bytes, done; /* WAIT_READ, WAIT_WRITE */
	uint64_t deadline;    /* WAIT_POLL: uptime in nanoseconds, or NO_DEADLINE */
	uint32_t count;       /* WAIT_POLL: of `polls` */
	struct ramfs_pollfd polls[RAMFS_FDS];
};

struct client {
	endpoint_t endpoint;
	struct node *directory; /* the working directory */
	uint64_t cloexec;       /* bit n: exec closes descriptor n; only of open ones */
	struct open_file *files[RAMFS_FDS];
	struct wait wait;
};

/* The client, or NULL: it has nothing. */
struct client *client_find(endpoint_t endpoint);

/* The client, made if need be. NULL: there is no such process any more. */
struct client *client_make(endpoint_t endpoint);

/* What PM tells. */
void client_forked(endpoint_t parent, endpoint_t child);
void client_execed(endpoint_t endpoint);
void client_exited(endpoint_t endpoint);

/* How many clients are known. */
uint32_t client_count(void);

/* A new open file without references: of a node, or of an end of a pipe. NULL: no memory. */
struct open_file *file_open(struct node *node, struct pipe *pipe, uint32_t flags);

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
