/* SPDX-License-Identifier: MIT */
/* The table of file descriptors: see fd.h. */
#include <granite/abi/errno.h>
#include <granite/abi/types.h>

#include "fd.h"

static struct {
	uint8_t kind, flags; /* enum fd_kind, FD_CLOSES_ON_EXEC */
} descriptors[FD_MAX];

/* A bit for each number that is no file or pipe here, and perhaps is one at the file server: see fd_leave. */
static uint64_t left;

_Static_assert(FD_MAX == 64, "each has a bit");

static int has(const uint32_t mask[2], int32_t fd)
{
	return (mask[fd / 32] >> fd % 32) & 1;
}

void fd_begin(const struct pm_descriptors *begin)
{
	left = 0;
	for (int32_t fd = 0; fd < FD_MAX; fd++) {
		if (has(begin->console, fd))
			fd_put(fd, FD_CONSOLE, 0);
		else if (has(begin->files, fd))
			fd_put(fd, FD_FILE, 0);
		else
			fd_put(fd, has(begin->pipes, fd) ? FD_PIPE : FD_CLOSED, 0);
	}
}

static void add(uint32_t mask[2], int32_t fd, int is_member)
{
	mask[fd / 32] |= (uint32_t)is_member << fd % 32;
}

void fd_pass_on(struct pm_descriptors *pass)
{
	*pass = (struct pm_descriptors){.server = pass->server, .directory = pass->directory};
	for (int32_t fd = 0; fd < FD_MAX; fd++) {
		if (descriptors[fd].flags & FD_CLOSES_ON_EXEC)
			continue;
		add(pass->console, fd, descriptors[fd].kind == FD_CONSOLE);
		add(pass->files, fd, descriptors[fd].kind == FD_FILE);
		add(pass->pipes, fd, descriptors[fd].kind == FD_PIPE);
	}
}

enum fd_kind fd_kind(int32_t fd)
{
	return fd_in_range(fd) ? descriptors[fd].kind : FD_CLOSED;
}

int32_t fd_find_closed(uint32_t lowest)
{
	if (lowest >= FD_MAX)
		return -EINVAL;
	while (lowest < FD_MAX && descriptors[lowest].kind != FD_CLOSED)
		lowest++;
	return lowest < FD_MAX ? (int32_t)lowest : -EMFILE;
}

void fd_put(int32_t fd, enum fd_kind kind, uint32_t flags)
{
	descriptors[fd].kind = (uint8_t)kind;
	descriptors[fd].flags = (uint8_t)flags;
	if (fd_is_served(fd))
		fd_forget_left(fd);
}

void fd_leave(int32_t fd)
{
	left |= (uint64_t)1 << fd;
}

void fd_forget_left(int32_t fd)
{
	left &= ~((uint64_t)1 << fd);
}

int32_t fd_find_left(void)
{
	return left ? __builtin_ctzll(left) : -1;
}

int32_t fd_get_flags(int32_t fd)
{
	return fd_is_open(fd) ? descriptors[fd].flags : -EBADF;
}

void fd_lose_files(void)
{
	left = 0;
	for (int32_t fd = 0; fd < FD_MAX; fd++)
		if (fd_is_served(fd))
			descriptors[fd].kind = FD_LOST;
}
