/* SPDX-License-Identifier: MIT */
/* The table of file descriptors: see fd.h. */
#include <granite/abi/errno.h>
#include <granite/abi/types.h>

#include "fd.h"

#define FD_OPEN 0x80u

/* Of each: FD_OPEN and its flags; 0: it is closed. */
static uint8_t descriptors[FD_MAX] = {FD_OPEN, FD_OPEN, FD_OPEN};

static int in_range(int32_t fd)
{
	return fd >= 0 && fd < FD_MAX;
}

int fd_is_open(int32_t fd)
{
	return in_range(fd) && (descriptors[fd] & FD_OPEN);
}

int32_t fd_close(int32_t fd)
{
	if (!fd_is_open(fd))
		return -EBADF;
	descriptors[fd] = 0;
	return OK;
}

int32_t fd_duplicate(int32_t fd, uint32_t lowest, uint32_t flags)
{
	if (!fd_is_open(fd))
		return -EBADF;
	if (lowest >= FD_MAX)
		return -EINVAL;
	while (lowest < FD_MAX && descriptors[lowest])
		lowest++;
	if (lowest == FD_MAX)
		return -EMFILE;
	descriptors[lowest] = FD_OPEN | flags;
	return (int32_t)lowest;
}

int32_t fd_duplicate_to(int32_t fd, int32_t to, uint32_t flags)
{
	if (!fd_is_open(fd) || !in_range(to))
		return -EBADF;
	descriptors[to] = FD_OPEN | flags;
	return to;
}

int32_t fd_get_flags(int32_t fd)
{
	return fd_is_open(fd) ? (int32_t)(descriptors[fd] & ~FD_OPEN) : -EBADF;
}

int32_t fd_set_flags(int32_t fd, uint32_t flags)
{
	if (!fd_is_open(fd))
		return -EBADF;
	descriptors[fd] = FD_OPEN | flags;
	return OK;
}
