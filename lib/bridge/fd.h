/* SPDX-License-Identifier: MIT */
/*
 * File descriptors: which numbers are open, and who knows what they stand for. The file server keeps the
 * files; it is told of every change of a descriptor that is one of its own.
 */
#ifndef BRIDGE_FD_H
#define BRIDGE_FD_H

#include <stdint.h>
#include <granite/abi/errno.h>
#include <granite/abi/pm.h>

#define FD_MAX            64

#define FD_CLOSES_ON_EXEC 1u /* FD_CLOEXEC */

enum fd_kind {
	FD_CLOSED,
	FD_CONSOLE,
	FD_FILE, /* a file or directory of the file server: no call waits */
	FD_PIPE, /* an end of a pipe there */
	FD_LOST, /* it was the file server's, which has died since */
};

/* Takes over what exec has passed on. */
void fd_begin(const struct pm_descriptors *descriptors);

/* What exec passes on: those that it does not close. */
void fd_pass_on(struct pm_descriptors *descriptors);

/* FD_CLOSED also if there is no such number. */
enum fd_kind fd_kind(int32_t fd);

static inline int fd_is_open(int32_t fd)
{
	return fd_kind(fd) != FD_CLOSED;
}

/* Whether there is anything behind it: OK; -EBADF: it is closed; -EIO: it is lost. */
static inline int32_t fd_check(int32_t fd)
{
	switch (fd_kind(fd)) {
	case FD_CLOSED:
		return -EBADF;
	case FD_LOST:
		return -EIO;
	default:
		return OK;
	}
}

static inline int fd_in_range(int32_t fd)
{
	return fd >= 0 && fd < FD_MAX;
}

/* Whether the file server has it. */
static inline int fd_is_served(int32_t fd)
{
	return fd_kind(fd) == FD_FILE || fd_kind(fd) == FD_PIPE;
}

/* The lowest closed one from `lowest` on. -EINVAL: `lowest` is too high; -EMFILE: there is none. */
int32_t fd_find_closed(uint32_t lowest);

/* Sets what `fd`, which is in range, is. `flags`: FD_CLOSES_ON_EXEC or 0. */
void fd_put(int32_t fd, enum fd_kind kind, uint32_t flags);

/*
 * The file server may have `fd` open, which is none of its here: it was asked to open or close it, or to put
 * another there, and never answered. It is closed there before the next call, unless that number is the
 * server's again. fd_find_left: one of them, or -1.
 */
void fd_leave(int32_t fd);
void fd_forget_left(int32_t fd);
int32_t fd_find_left(void);

/* The descriptor's flags, or -EBADF: it is not open. */
int32_t fd_get_flags(int32_t fd);

/* The file server has died. */
void fd_lose_files(void);

#endif
