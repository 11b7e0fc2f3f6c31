/* SPDX-License-Identifier: MIT */
/* Calls on descriptors, by what they stand for. Results are the program's. */
#ifndef BRIDGE_FILES_H
#define BRIDGE_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <granite/abi/ramfs.h>

/* What stat(2) tells, of whatever form. */
struct file_facts {
	struct ramfs_stat_rep file;
	uint32_t device; /* the device that it is, or 0 */
};

/* Notes `fd` (fd_leave) if that is what a call about it has led to: it was never answered. */
void file_check_answer(int32_t result, int32_t fd);

/*
 * The file server has `fd`, which is closed here, open still (EBUSY): it was opened or closed by a call whose
 * answer never came, because there was no server for too long. It is closed there, too.
 */
void file_close_left(int32_t fd);

/* Before a call: all that fd_leave has noted is closed. -EIO: there is no server still. */
int32_t file_close_all_left(void);

/* Reads into the program's memory; `flags` as in struct ramfs_read_req. */
int32_t file_read(int32_t fd, uint32_t address, uint32_t bytes, uint32_t flags, uint64_t offset);

/* Writes from the program's memory. To a pipe that nobody reads: SIGPIPE. */
int32_t file_write(int32_t fd, uint32_t address, uint32_t bytes);

/* Of an open descriptor, or of the path at the program's address. -EBADF, -EIO, -ENOENT ... */
int32_t file_facts_of_fd(int32_t fd, struct file_facts *facts);
int32_t file_facts_of_path(int32_t directory, uint32_t path, struct file_facts *facts);

#endif
