/* SPDX-License-Identifier: MIT */
/*
 * Talking to the file server. What the server is to read or write is lent to it for the length of the call,
 * so it needs no rights over anybody's memory. When it dies its descriptors are lost; its successor knows
 * nothing of them.
 */
#include <string.h>
#include <granite/abi/errno.h>
#include <granite/rs.h>

#include "../sys/grant_table.h"
#include "bridge.h"
#include "fd.h"
#include "fileserver.h"
#include "restart.h"

static endpoint_t server = NONE; /* as RS last told; NONE: not asked yet, or found dead */
static int was_there;            /* 1: there was one, so there will be another */

endpoint_t fileserver_endpoint(void)
{
	return server;
}

static void remember(endpoint_t endpoint)
{
	server = endpoint;
	was_there = endpoint != NONE;
}

/* It lies on no boundary. */
void bridge_take_descriptors(const void *passed_on)
{
	struct pm_descriptors descriptors;

	memcpy(&descriptors, passed_on, sizeof(descriptors));
	fd_begin(&descriptors);
	remember(descriptors.server);
}

int32_t fileserver_find(void)
{
	endpoint_t found = server != NONE ? server : rs_lookup("ramfs");

	for (int tries = 0; found == -ESRCH && was_there && tries < RESTART_TRIES; tries++) {
		if (restart_pause() != OK)
			return -EINTR;
		found = rs_lookup("ramfs");
	}
	if (found < 0)
		return found;
	remember(found);
	return OK;
}

/* RS may not know yet that it has died: then it is found dead once more. */
static int32_t lose(int32_t result)
{
	if (result != -EDEADSRCDST)
		return result;
	server = NONE;
	fd_lose_files();
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

/* A request that was not answered is still in *m. */
int32_t fileserver_call(enum file_call how, int32_t operation, struct message *m, const struct loan *loan)
{
	int32_t result = call_once(how, operation, m, loan);

	if (how == FILE_ANEW && server == NONE && result == -EIO)
		result = call_once(how, operation, m, loan);
	return result;
}

int32_t fileserver_ask(int32_t operation, struct message *m)
{
	return fileserver_call(FILE_CALL, operation, m, NULL);
}

/* What a path can't begin at: the server knows of its own descriptors only. */
static int32_t check_start(const char *path, int32_t directory)
{
	char first;
	int32_t result = user_copy(&first, path, sizeof(first));

	if (result != OK || first == '/' || directory == RAMFS_CWD || fd_is_served(directory))
		return result;
	return fd_is_open(directory) ? -ENOTDIR : -EBADF;
}

int32_t fileserver_path(uint32_t path, int32_t directory, struct ramfs_path *request, struct loan *loan)
{
	int32_t bytes = user_strnlen(user_pointer(path), RAMFS_PATH_MAX);

	if (bytes < 0)
		return bytes;
	if (bytes == RAMFS_PATH_MAX)
		return -ENAMETOOLONG;
	*request = (struct ramfs_path){.bytes = (uint32_t)bytes, .directory = directory};
	*loan = (struct loan){path, (uint32_t)bytes, CPF_READ};
	return bytes ? check_start(user_pointer(path), directory) : OK;
}
