/* SPDX-License-Identifier: MIT */
/*
 * Talking to the file server. What the server is to read or write is lent to it for the length of the call,
 * so it needs no rights over anybody's memory. When it dies the descriptors and the working directory are
 * lost; its successor knows nothing of them.
 */
#include <string.h>
#include <granite/abi/errno.h>

#include "../sys/grant_table.h"
#include "bridge.h"
#include "fd.h"
#include "fileserver.h"
#include "restart.h"

static endpoint_t server = NONE; /* as RS last told; NONE: not asked yet, or found dead */
static endpoint_t dead = NONE;   /* the last server that was found dead */
static uint32_t directory;       /* PM_DIRECTORY_*: what is known here of the working directory */

endpoint_t fileserver_endpoint(void)
{
	return server;
}

uint32_t fileserver_directory(void)
{
	return directory;
}

void fileserver_moved(int is_root)
{
	directory = is_root ? PM_DIRECTORY_ROOT : PM_DIRECTORY_ELSEWHERE;
}

/* It lies on no boundary. */
void bridge_take_descriptors(const void *passed_on)
{
	struct pm_descriptors descriptors;

	memcpy(&descriptors, passed_on, sizeof(descriptors));
	fd_begin(&descriptors);
	server = descriptors.server;
	directory = descriptors.directory;
}

/* No signal ends that: it may be for a call that none may end, and one that may has descriptors of the
 * server. */
int32_t fileserver_find(void)
{
	endpoint_t found = server;

	if (found == NONE)
		found = restart_result(rs_await("ramfs", dead, RESTART_NSECS));
	if (found < 0)
		return found;
	server = found;
	return OK;
}

/* All that it knew of this process is lost. */
static int32_t lose(int32_t result)
{
	if (result != -EDEADSRCDST)
		return result;
	dead = server;
	server = NONE;
	fd_lose_files();
	if (directory == PM_DIRECTORY_ELSEWHERE)
		directory = PM_DIRECTORY_LOST;
	return -EIO;
}

static int32_t call(enum file_call how, int32_t operation, struct message *m)
{
	int32_t result = how == FILE_WAITS ? call_server_intr(server, operation, m)
	                                   : call_server(server, operation, m);

	return lose(result);
}

static int32_t call_with_loan(enum file_call how, int32_t operation, struct message *m,
                              const struct loan *loan)
{
	struct cp_grant content = grant_direct(server, loan->address, loan->bytes, loan->access);
	cp_grant_id_t grant = loan->bytes ? grant_table_add(&content) : 0;
	int32_t result;

	if (grant < 0)
		return (int32_t)grant;
	memcpy(m->m_bytes, &grant, sizeof(grant));
	result = call(how, operation, m);
	if (grant)
		GRANITE_IGNORE(grant_table_remove(grant)); /* it is there: nobody else takes it back */
	return result;
}

static int32_t call_once(enum file_call how, int32_t operation, struct message *m, const struct loan *loan)
{
	int32_t result = fileserver_find();

	if (result != OK)
		return result;
	return loan ? call_with_loan(how, operation, m, loan) : call(how, operation, m);
}

/* Whether it means the same to a server that knows nothing of this process. */
static int means_the_same(enum file_call how, const struct loan *loan)
{
	if (how != FILE_ANEW)
		return 0;
	return !loan || loan->start == START_ROOT ||
	       (loan->start == START_DIRECTORY && directory == PM_DIRECTORY_ROOT);
}

/* A request that was not answered is still in *m. */
int32_t fileserver_call(enum file_call how, int32_t operation, struct message *m, const struct loan *loan)
{
	int32_t result = call_once(how, operation, m, loan);

	for (int tries = 1; tries < RESTART_TRIES && result == -EIO && server == NONE; tries++) {
		if (!means_the_same(how, loan))
			return result;
		result = call_once(how, operation, m, loan);
	}
	return result;
}

int32_t fileserver_ask(int32_t operation, struct message *m)
{
	return fileserver_call(FILE_CALL, operation, m, NULL);
}

/* What a path can't begin at: the server knows of its own descriptors only. */
static int32_t check_start(enum path_start start, int32_t fd)
{
	if (start == START_ROOT)
		return OK;
	if (start == START_DIRECTORY)
		return directory == PM_DIRECTORY_LOST ? -EIO : OK;
	switch (fd_kind(fd)) {
	case FD_CLOSED:
		return -EBADF;
	case FD_LOST:
		return -EIO;
	default:
		return fd_is_served(fd) ? OK : -ENOTDIR;
	}
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
