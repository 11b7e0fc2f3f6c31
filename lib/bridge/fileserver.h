/* SPDX-License-Identifier: MIT */
/* The file server, as the bridge uses it. */
#ifndef BRIDGE_FILESERVER_H
#define BRIDGE_FILESERVER_H

#include <stdint.h>
#include <granite/ramfs.h>

#include "loan.h"

/* How a call is made. */
enum file_call {
	FILE_CALL,  /* it is answered at once, and no signal ends it */
	FILE_WAITS, /* a signal ends it */
	FILE_ANEW, /* as FILE_CALL; it is made also when what the server knew of this process is lost, if that
	            * means the same: if it is about no descriptor, nor a working directory but the root */
};

/*
 * Calls the server, with *loan (null: nothing is lent). It is carried out once,
 * also if servers die meanwhile. Returns the reply's result; -EIO: the server has died for good, or what it
 * knew of this process is lost.
 */
int32_t fileserver_call(enum file_call how, int32_t operation, struct message *m, const struct loan *loan);

/* Whether one is known of that lives, or has died since the last call. */
int fileserver_is_there(void);

/* A FILE_CALL without a grant. */
int32_t fileserver_ask(int32_t operation, struct message *m);

/* What a new program is told of: the origin of the servers that know the descriptors, or the server, or NONE.
 */
endpoint_t fileserver_endpoint(void);

/* PM_DIRECTORY_*: of the working directory this much is known without asking. */
uint32_t fileserver_directory(void);

/* The server has changed it. */
void fileserver_moved(int is_root);

/*
 * The path at the program's address `path`, which begins at `fd` (or RAMFS_CWD). *loan: its bytes. -EFAULT,
 * -ENAMETOOLONG, -EBADF, -ENOTDIR; -EIO: where it begins has been lost; an empty path is one.
 */
int32_t fileserver_path(uint32_t path, int32_t fd, struct ramfs_path *request, struct loan *loan);

#endif
