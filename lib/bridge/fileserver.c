/* SPDX-License-Identifier: MIT */
/*
 * Talking to the file server. What the server is to read or write is lent to it for the length of the call,
 * so it needs no rights over anybody's memory.
 *
 * When it dies its successor knows what it knew, and calls go on (peer.h). A server with another origin has
 * not found what was kept: then the descriptors and the working directory are lost.
 */
#include <string.h>
#include <granite/abi/errno.h>

#include "bridge.h"
#include "fd.h"
#include "files.h"
#include "fileserver.h"
#include "once.h"
#include "peer.h"

static struct peer server = {.label = "ramfs", .outcome = RAMFS_OUTCOME, .endpoint = NONE, .dead = NONE};
static endpoint_t origin = NONE; /* of the servers that know the descriptors; NONE: there are none */
static uint32_t directory;       /* PM_DIRECTORY_*: what is known here of the working directory */

/* Who begins with descriptors learns of their origin in this way. */
endpoint_t fileserver_endpoint(void)
{
	return origin != NONE ? origin : server.endpoint;
}

uint32_t fileserver_directory(void)
{
	return directory;
}

void fileserver_moved(int is_root)
{
	directory = is_root ? PM_DIRECTORY_ROOT : PM_DIRECTORY_ELSEWHERE;
}

static int has_served(const struct pm_descriptors *descriptors)
{
	return (descriptors->files[0] | descriptors->files[1] | descriptors->pipes[0] |
	        descriptors->pipes[1]) ||
	       descriptors->directory == PM_DIRECTORY_ELSEWHERE;
}

/* It lies on no boundary. */
void bridge_take_descriptors(const void *passed_on)
{
	struct pm_descriptors descriptors;

	memcpy(&descriptors, passed_on, sizeof(descriptors));
	fd_begin(&descriptors);
	server.endpoint = descriptors.server;
	origin = has_served(&descriptors) ? descriptors.server : NONE;
	directory = descriptors.directory;
}

/* ---- When it dies ---- */

/* All that it knew of this process is lost. */
static void lose(void)
{
	origin = NONE;
	fd_lose_files();
	if (directory == PM_DIRECTORY_ELSEWHERE)
		directory = PM_DIRECTORY_LOST;
}

/* ---- Calls ---- */

static int32_t send(enum file_call how, int32_t operation, struct message *m, const struct loan *loan)
{
	int32_t result = loan_begin(server.endpoint, m, loan);

	if (result != OK)
		return result;
	result = how == FILE_WAITS ? call_server_intr(server.endpoint, operation, m)
	                           : call_server(server.endpoint, operation, m);
	loan_end();
	return result;
}

/* Whether it means the same to a server that knows nothing of this process. */
static int means_the_same(enum file_call how, const struct loan *loan)
{
	if (how != FILE_ANEW)
		return 0;
	return !loan || loan->start == START_ROOT ||
	       (loan->start == START_DIRECTORY && directory == PM_DIRECTORY_ROOT);
}

/* Finds the server. -EIO: it does not know any more what the request is about. */
static int32_t find(enum file_call how, const struct loan *loan, uint64_t serial,
                    struct once_outcome *outcome)
{
	int32_t result = peer_find(&server, serial, outcome);

	if (!outcome->origin || origin == NONE || outcome->origin == origin)
		return result;
	lose();
	return result != OK || means_the_same(how, loan) ? result : -EIO;
}

/* One attempt. A request that was not answered is still in *m. */
static int32_t attempt(enum file_call how, int32_t operation, struct message *m, const struct loan *loan,
                       struct once_outcome *outcome, uint64_t serial)
{
	int32_t result = find(how, loan, serial, outcome);

	if (result != OK)
		return result;
	if (outcome->is_done)
		return once_take_answer(m, outcome);
	return send(how, operation, m, loan);
}

/* The replies that begin with the origin are those of calls after which there is something to be known. */
static void learn(int32_t operation, const struct message *m)
{
	const union ramfs_open_message *call = (const void *)m;

	if (operation == RAMFS_OPEN || operation == RAMFS_PIPE || operation == RAMFS_CHDIR)
		origin = call->rep.origin;
}

int fileserver_is_there(void)
{
	return server.endpoint != NONE;
}

static int32_t call(enum file_call how, int32_t operation, struct message *m, const struct loan *loan)
{
	struct once_outcome outcome = {0};
	uint64_t serial = once_stamp(m);
	int32_t result;

	do
		result = attempt(how, operation, m, loan, &outcome, serial);
	while (peer_died(&server, result));
	if (result < 0 && outcome.progress)
		result = once_take_progress(m, &outcome);
	if (result == OK)
		learn(operation, m);
	return result;
}

int32_t fileserver_call(enum file_call how, int32_t operation, struct message *m, const struct loan *loan)
{
	int32_t result = fd_find_left() < 0 ? OK : file_close_all_left();

	return result == OK ? call(how, operation, m, loan) : result;
}

int32_t fileserver_ask(int32_t operation, struct message *m)
{
	return fileserver_call(FILE_CALL, operation, m, NULL);
}

/* What a path can't begin at: the server knows of its own descriptors only. */
static int32_t check_start(enum path_start start, int32_t fd)
{
	int32_t result;

	if (start == START_ROOT)
		return OK;
	if (start == START_DIRECTORY)
		return directory == PM_DIRECTORY_LOST ? -EIO : OK;
	result = fd_check(fd);
	if (result != OK)
		return result;
	return fd_is_served(fd) ? OK : -ENOTDIR;
}

static int32_t find_start(const char *path, int32_t fd, enum path_start *start)
{
	char first;
	int32_t result = user_copy(&first, path, sizeof(first));

	*start = fd == RAMFS_CWD ? START_DIRECTORY : START_DESCRIPTOR;
	if (result == OK && first == '/')
		*start = START_ROOT;
	return result;
}

int32_t fileserver_path(uint32_t path, int32_t fd, struct ramfs_path *request, struct loan *loan)
{
	int32_t bytes = user_strnlen(user_pointer(path), RAMFS_PATH_MAX), result;

	if (bytes < 0)
		return bytes;
	if (bytes == RAMFS_PATH_MAX)
		return -ENAMETOOLONG;
	*request = (struct ramfs_path){.bytes = (uint32_t)bytes, .directory = fd};
	*loan = (struct loan){.address = path, .bytes = (uint32_t)bytes, .access = CPF_READ};
	if (bytes == 0)
		return OK;
	result = find_start(user_pointer(path), fd, &loan->start);
	return result == OK ? check_start(loan->start, fd) : result;
}
