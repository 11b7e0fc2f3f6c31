/* SPDX-License-Identifier: MIT */
/* The calls about paths and descriptors. Each has its values checked before anything is changed. */
#define _GNU_SOURCE /* O_PATH, O_TMPFILE */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "kept.h"
#include "ramfs.h"

/* ---- Paths ---- */

/* What a relative path begins at. -EBADF, -ENOTDIR. */
static int find_start(endpoint_t caller, int32_t directory, struct node **start)
{
	const struct client *client = client_find(caller);
	const struct open_file *file;

	if (directory == RAMFS_CWD) {
		*start = client ? tree_node(client->directory) : tree_root();
		return OK;
	}
	file = client_file(client, directory);
	if (!file)
		return -EBADF;
	*start = file_node(file);
	return *start ? OK : -ENOTDIR;
}

/* Copies the path, and looks it up. An absolute one does not care where it would begin. */
static int find(endpoint_t caller, const struct ramfs_path *path, struct node **found)
{
	static char text[RAMFS_PATH_MAX];
	int result;

	if (path->bytes == 0)
		return -ENOENT;
	if (path->bytes >= sizeof(text))
		return -ENAMETOOLONG;
	result = lent_read(caller, path->grant, 0, text, path->bytes);
	if (result != OK)
		return result;
	text[path->bytes] = '\0';
	if (strlen(text) != path->bytes)
		return -EINVAL;
	*found = tree_root();
	if (text[0] != '/')
		result = find_start(caller, path->directory, found);
	return result == OK ? tree_lookup(*found, text, found) : result;
}

/* With an empty path: what the descriptor itself stands for. */
static int find_or_self(endpoint_t caller, const struct ramfs_path *path, struct node **found)
{
	return path->bytes ? find(caller, path, found) : find_start(caller, path->directory, found);
}

/* ---- Opening ---- */

/* Whether what is there may be opened so: nothing here can be written. */
static int may_open(const struct node *node, uint32_t flags)
{
	int writes = (flags & O_ACCMODE) != O_RDONLY;

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if (node_is_directory(node) && (writes || flags & O_CREAT))
		return -EISDIR;
	if (flags & O_DIRECTORY && !node_is_directory(node))
		return -ENOTDIR;
	return writes || flags & O_TRUNC ? -EROFS : OK;
}

static int find_to_open(endpoint_t caller, const struct ramfs_open_req *request, struct node **found)
{
	int result = find(caller, &request->path, found);

	if (result == -ENOENT && request->flags & O_CREAT)
		return -EROFS;
	return result == OK ? may_open(*found, request->flags) : result;
}

/* A client whose descriptor `fd` can be opened. -EINVAL, -EBUSY, -EDEADSRCDST, -ENFILE. */
static int client_for(endpoint_t caller, int32_t fd, struct client **client)
{
	int result = client_make(caller, client);

	if (result != OK)
		return result;
	if (!fd_in_range(fd))
		return -EINVAL;
	return client_file(*client, fd) ? -EBUSY : OK;
}

int do_open(endpoint_t caller, const struct ramfs_open_req *request, struct ramfs_open_rep *reply)
{
	struct open_file *file;
	struct client *client;
	struct node *node;
	int result = client_for(caller, request->fd, &client);

	reply->origin = kept->origin;
	if (result == OK)
		result = find_to_open(caller, request, &node);
	if (result != OK)
		return result;
	file = file_open(client, node, NULL,
	                 request->flags & (O_NONBLOCK | O_DIRECTORY | O_LARGEFILE | O_APPEND));
	if (!file)
		return -ENFILE;
	client_install(client, request->fd, file, (request->flags & O_CLOEXEC) != 0);
	return OK;
}

static int open_pipe(struct client *client, const struct ramfs_pipe_req *request)
{
	uint32_t status = request->flags & O_NONBLOCK;
	int cloexec = (request->flags & O_CLOEXEC) != 0;
	struct pipe *pipe = pipe_open(client);
	struct open_file *in = pipe ? file_open(client, NULL, pipe, O_RDONLY | status) : NULL;
	struct open_file *out = in ? file_open(client, NULL, pipe, O_WRONLY | status) : NULL;

	if (!out) {
		if (in)
			file_discard(in);
		if (pipe)
			pipe_free(pipe);
		return -ENFILE;
	}
	client_install(client, request->read_fd, in, cloexec);
	client_install(client, request->write_fd, out, cloexec);
	return OK;
}

int do_pipe(endpoint_t caller, const struct ramfs_pipe_req *request, struct ramfs_pipe_rep *reply)
{
	struct client *client;
	int result = client_for(caller, request->read_fd, &client);

	reply->origin = kept->origin;
	if (result == OK)
		result = client_for(caller, request->write_fd, &client);
	if (result != OK)
		return result;
	if (request->read_fd == request->write_fd || request->flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	return open_pipe(client, request);
}

/* ---- Descriptors ---- */

int do_close(endpoint_t caller, const struct ramfs_close_req *request, struct ramfs_close_rep *reply)
{
	struct client *client = client_find(caller);

	(void)reply;
	if (!client_file(client, request->fd))
		return -EBADF;
	client_close(client, request->fd);
	return OK;
}

int do_dup(endpoint_t caller, const struct ramfs_dup_req *request, struct ramfs_dup_rep *reply)
{
	struct client *client = client_find(caller);
	struct open_file *file = client_file(client, request->fd);

	(void)reply;
	if (!file)
		return -EBADF;
	if (!fd_in_range(request->to) || request->to == request->fd)
		return -EINVAL;
	if (client_file(client, request->to))
		client_close(client, request->to);
	client_install(client, request->to, file, request->cloexec != 0);
	return OK;
}

int do_setfd(endpoint_t caller, const struct ramfs_setfd_req *request, struct ramfs_setfd_rep *reply)
{
	struct client *client = client_find(caller);

	(void)reply;
	if (!client_file(client, request->fd))
		return -EBADF;
	client_set_cloexec(client, request->fd, request->cloexec != 0);
	return OK;
}

int do_status(endpoint_t caller, const struct ramfs_status_req *request, struct ramfs_status_rep *reply)
{
	struct open_file *file = client_file(client_find(caller), request->fd);

	if (!file)
		return -EBADF;
	if (request->set) {
		CHANGING(file->flags);
		file->flags = (file->flags & ~(uint32_t)O_NONBLOCK) | (request->flags & O_NONBLOCK);
	}
	reply->flags = file->flags;
	return OK;
}

/* ---- What there is ---- */

static void describe_pipe(struct ramfs_stat_rep *reply)
{
	reply->mode = S_IFIFO | 0600;
	reply->links = 1;
	reply->inode = 1;
}

static void describe(const struct node *node, struct ramfs_stat_rep *reply)
{
	reply->mode = node->mode;
	reply->inode = node->inode;
	reply->links = node_is_directory(node) ? 2 + node->directories : 1;
	reply->bytes = node->bytes;
}

int do_stat(endpoint_t caller, const struct ramfs_stat_req *request, struct ramfs_stat_rep *reply)
{
	const struct open_file *file = client_file(client_find(caller), request->path.directory);
	struct node *node;
	int result;

	if (request->path.bytes == 0 && file && file->pipe) {
		describe_pipe(reply);
		return OK;
	}
	result = find_or_self(caller, &request->path, &node);
	if (result == OK)
		describe(node, reply);
	return result;
}

int do_chdir(endpoint_t caller, const struct ramfs_chdir_req *request, struct ramfs_chdir_rep *reply)
{
	struct client *client;
	struct node *node;
	int result = client_make(caller, &client);

	reply->origin = kept->origin;
	if (result == OK)
		result = find_or_self(caller, &request->path, &node);
	if (result != OK)
		return result;
	if (!node_is_directory(node))
		return -ENOTDIR;
	journal_set(&journal, &client->directory, node->inode);
	return OK;
}

int do_getcwd(endpoint_t caller, const struct ramfs_getcwd_req *request, struct ramfs_getcwd_rep *reply)
{
	static char path[RAMFS_PATH_MAX];
	const struct client *client = client_find(caller);
	uint32_t room = request->bytes < sizeof(path) ? request->bytes : (uint32_t)sizeof(path);
	int bytes = tree_path(client ? tree_node(client->directory) : tree_root(), path, room), result;

	if (bytes < 0)
		return bytes;
	result = lent_write(caller, request->grant, 0, path, (uint32_t)bytes);
	if (result == OK)
		reply->bytes = (uint32_t)bytes;
	return result;
}

/* ---- Directories ---- */

/* struct linux_dirent64 in `room` bytes: its length, a multiple of 8; 0: it does not fit. */
static uint32_t put_entry(uint8_t *place, uint32_t room, const struct node *node, const char *name,
                          uint64_t next)
{
	const uint32_t head = offsetof(struct dirent, d_name);
	uint32_t name_bytes = (uint32_t)strlen(name) + 1;
	uint32_t bytes = (head + name_bytes + 7) & ~7u;
	struct dirent entry = {.d_ino = node->inode, .d_off = (off_t)next};

	if (bytes > room)
		return 0;
	entry.d_reclen = (unsigned short)bytes;
	entry.d_type = node_is_directory(node) ? DT_DIR : DT_REG;
	memset(place, 0, bytes);
	memcpy(place, &entry, head);
	memcpy(place + head, name, name_bytes);
	return bytes;
}

int do_getdents(endpoint_t caller, const struct ramfs_getdents_req *request, struct ramfs_getdents_rep *reply)
{
	static uint8_t buffer[4096];
	struct open_file *file = client_file(client_find(caller), request->fd);
	uint32_t room = request->bytes < sizeof(buffer) ? request->bytes : (uint32_t)sizeof(buffer);
	uint32_t used = 0, bytes = 1;
	const struct node *directory, *node = NULL;
	const char *name;
	uint64_t position;
	int result;

	if (!file)
		return -EBADF;
	directory = file_node(file);
	if (!directory || !node_is_directory(directory))
		return -ENOTDIR;
	for (position = file->position; bytes && (node = tree_entry(directory, position, &name));
	     position += bytes != 0) {
		bytes = put_entry(buffer + used, room - used, node, name, position + 1);
		used += bytes;
	}
	if (used == 0)
		return node ? -EINVAL : OK;
	result = lent_write(caller, request->grant, 0, buffer, used);
	if (result != OK)
		return result;
	CHANGING(file->position);
	file->position = position;
	reply->bytes = used;
	return OK;
}

/* ---- Requests of before ---- */

int do_outcome(endpoint_t caller, const struct ramfs_outcome_req *request, struct ramfs_outcome_rep *reply)
{
	const struct client *client = client_find(caller);

	reply->outcome.origin = kept->origin;
	once_tell(client ? &client->once : NULL, request->serial, &reply->outcome);
	return OK;
}
