/* SPDX-License-Identifier: MIT */
/*
 * File descriptors. There are no files yet: whatever descriptor is open stands for the console, and a new
 * program starts with 0, 1 and 2 open.
 */
#ifndef BRIDGE_FD_H
#define BRIDGE_FD_H

#include <stdint.h>

#define FD_MAX            64

#define FD_CLOSES_ON_EXEC 1u /* FD_CLOEXEC */

/* 1 if it is open; 0 if not, or if there is no such number. */
int fd_is_open(int32_t fd);

/* Closes it. -EBADF: it is not open. */
int32_t fd_close(int32_t fd);

/*
 * Duplicates `fd` as the lowest free one from `lowest` on, which it returns. `flags`: FD_CLOSES_ON_EXEC or 0.
 * -EBADF: it is not open; -EINVAL: `lowest` is too high; -EMFILE: none is free.
 */
int32_t fd_duplicate(int32_t fd, uint32_t lowest, uint32_t flags);

/*
 * Duplicates `fd` as `to`, which is closed first if it is open, and returns `to`. -EBADF: `fd`
 * is not open, or there is no number `to`.
 */
int32_t fd_duplicate_to(int32_t fd, int32_t to, uint32_t flags);

/* The descriptor's flags, or -EBADF: it is not open. */
int32_t fd_get_flags(int32_t fd);

/* OK, or -EBADF: it is not open. */
int32_t fd_set_flags(int32_t fd, uint32_t flags);

#endif
