/* SPDX-License-Identifier: MIT */
/* The calls about descriptors themselves. */
#define _GNU_SOURCE /* F_DUPFD_CLOEXEC */
#include <fcntl.h>
#include <granite/abi/errno.h>

#include "bridge.h"
#include "fd.h"
#include "files.h"
#include "fileserver.h"

void file_check_answer(int32_t result, int32_t fd)
{
	if (result == -EIO && !fileserver_is_there())
		fd_leave(fd);
}

void file_close_left(int32_t fd)
{
	union ramfs_close_message call;

	call.req = (struct ramfs_close_req){.fd = fd};
	fd_forget_left(fd);
	file_check_answer(fileserver_ask(RAMFS_CLOSE, &call.m), fd);
}

int32_t file_close_all_left(void)
{
	static int is_closing;
	int32_t fd;

	if (is_closing)
		return OK;
	is_closing = 1;
	while ((fd = fd_find_left()) >= 0) {
		file_close_left(fd);
		if (!fileserver_is_there())
			break;
	}
	is_closing = 0;
	return fd < 0 ? OK : -EIO;
}

/* Of what is lost nobody knows what it is now, but that nobody needs it any more. */
static void close_served(int32_t fd)
{
	if (fd_is_served(fd))
		file_close_left(fd);
	else if (fd_kind(fd) == FD_LOST)
		fd_leave(fd);
}

/* close(fd) */
int32_t linux_close(struct bridge_regs *regs)
{
	int32_t fd = (int32_t)regs->ebx;

	if (!fd_is_open(fd))
		return -EBADF;
	close_served(fd);
	fd_put(fd, FD_CLOSED, 0);
	return OK;
}

static int32_t duplicate_served(int32_t fd, int32_t to, uint32_t flags)
{
	union ramfs_dup_message call;

	call.req = (struct ramfs_dup_req){.fd = fd, .to = to, .cloexec = flags};
	return fileserver_ask(RAMFS_DUP, &call.m);
}

/* Makes `to`, which is in range and another, the same as `fd`. Returns it. */
static int32_t duplicate(int32_t fd, int32_t to, uint32_t flags)
{
	int32_t result = OK;

	if (fd_is_served(fd))
		result = duplicate_served(fd, to, flags);
	else
		close_served(to);
	if (result == -EIO && fd_is_served(to))
		fd_put(to, FD_LOST, 0); /* nobody knows which of the two files it is now */
	else if (fd_is_served(fd))
		file_check_answer(result, to);
	if (result != OK)
		return result;
	fd_put(to, fd_kind(fd), flags);
	return to;
}

static int32_t duplicate_above(int32_t fd, uint32_t lowest, uint32_t flags)
{
	int32_t to = fd_is_open(fd) ? fd_find_closed(lowest) : -EBADF;

	return to >= 0 ? duplicate(fd, to, flags) : to;
}

static int32_t duplicate_to(int32_t fd, int32_t to, uint32_t flags)
{
	return fd_is_open(fd) && fd_in_range(to) ? duplicate(fd, to, flags) : -EBADF;
}

/* dup(fd) */
int32_t linux_dup(struct bridge_regs *regs)
{
	return duplicate_above((int32_t)regs->ebx, 0, 0);
}

/* dup2(fd, to) */
int32_t linux_dup2(struct bridge_regs *regs)
{
	if (regs->ebx == regs->ecx)
		return fd_is_open((int32_t)regs->ebx) ? (int32_t)regs->ebx : -EBADF;
	return duplicate_to((int32_t)regs->ebx, (int32_t)regs->ecx, 0);
}

/* dup3(fd, to, flags) */
int32_t linux_dup3(struct bridge_regs *regs)
{
	if (regs->ebx == regs->ecx || (regs->edx & ~O_CLOEXEC))
		return -EINVAL;
	return duplicate_to((int32_t)regs->ebx, (int32_t)regs->ecx, regs->edx ? FD_CLOSES_ON_EXEC : 0);
}

/* The server closes its own when exec succeeds. */
static int32_t set_flags(int32_t fd, uint32_t flags)
{
	union ramfs_setfd_message call;
	int32_t result = fd_is_open(fd) ? OK : -EBADF;

	call.req = (struct ramfs_setfd_req){.fd = fd, .cloexec = flags};
	if (fd_is_served(fd))
		result = fileserver_ask(RAMFS_SETFD, &call.m);
	if (result == OK)
		fd_put(fd, fd_kind(fd), flags);
	return result;
}

/* Asks for the status flags, or sets them. Without an open file the console is meant. */
static int32_t status(int32_t fd, uint32_t set, uint32_t flags)
{
	union ramfs_status_message call;
	int32_t result = fd_check(fd);

	if (result != OK)
		return result;
	if (fd_kind(fd) == FD_CONSOLE) /* always open for reading and writing, and always waits */
		return set && flags & O_NONBLOCK ? -EINVAL : O_RDWR;
	call.req = (struct ramfs_status_req){.fd = fd, .set = set, .flags = flags};
	result = fileserver_ask(RAMFS_STATUS, &call.m);
	return result == OK ? (int32_t)call.rep.flags : result;
}

/* fcntl(fd, command, argument) */
int32_t linux_fcntl(struct bridge_regs *regs)
{
	int32_t fd = (int32_t)regs->ebx, result;

	switch (regs->ecx) {
	case F_DUPFD:
		return duplicate_above(fd, regs->edx, 0);
	case F_DUPFD_CLOEXEC:
		return duplicate_above(fd, regs->edx, FD_CLOSES_ON_EXEC);
	case F_GETFD:
		return fd_get_flags(fd);
	case F_SETFD:
		return set_flags(fd, regs->edx & FD_CLOSES_ON_EXEC);
	case F_GETFL:
		return status(fd, 0, 0);
	case F_SETFL:
		result = status(fd, 1, regs->edx);
		return result > 0 ? OK : result;
	default:
		return fd_is_open(fd) ? -EINVAL : -EBADF;
	}
}

/* ---- Positions ---- */

static int32_t seek(int32_t fd, int64_t offset, uint32_t whence, uint64_t *now)
{
	union ramfs_seek_message call;
	int32_t result = fd_check(fd);

	if (result != OK)
		return result;
	if (fd_kind(fd) == FD_CONSOLE)
		return -ESPIPE;
	call.req = (struct ramfs_seek_req){.fd = fd, .offset = offset, .whence = whence};
	result = fileserver_ask(RAMFS_SEEK, &call.m);
	*now = call.rep.offset;
	return result;
}

/* lseek(fd, offset, whence) */
int32_t linux_lseek(struct bridge_regs *regs)
{
	uint64_t now;
	int32_t result = seek((int32_t)regs->ebx, (int32_t)regs->ecx, regs->edx, &now);

	if (result != OK)
		return result;
	return now <= INT32_MAX ? (int32_t)now : -EOVERFLOW;
}

/* _llseek(fd, offset high, offset low, result, whence) */
int32_t linux__llseek(struct bridge_regs *regs)
{
	int64_t offset = (int64_t)((uint64_t)regs->ecx << 32 | regs->edx);
	uint64_t now;
	int32_t result = seek((int32_t)regs->ebx, offset, regs->edi, &now);

	return result == OK ? user_put(regs->esi, &now, sizeof(now)) : result;
}

/* ---- Pipes ---- */

/* Two descriptors that are closed: -EMFILE. */
static int32_t find_two(int32_t fds[2])
{
	fds[0] = fd_find_closed(0);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = fd_find_closed((uint32_t)fds[0] + 1);
	return fds[1] < 0 ? -EMFILE : OK;
}

static void set_pipe(const int32_t fds[2], enum fd_kind kind, uint32_t flags)
{
	uint32_t fd_flags = flags & O_CLOEXEC ? FD_CLOSES_ON_EXEC : 0;

	for (int i = 0; i < 2; i++) {
		if (kind == FD_CLOSED)
			close_served(fds[i]);
		fd_put(fds[i], kind, fd_flags);
	}
}

static int32_t ask_for_pipe(const int32_t fds[2], uint32_t flags)
{
	union ramfs_pipe_message call;

	call.req = (struct ramfs_pipe_req){.read_fd = fds[0], .write_fd = fds[1], .flags = flags};
	return fileserver_call(FILE_ANEW, RAMFS_PIPE, &call.m, NULL);
}

static int32_t make_pipe(uint32_t address, uint32_t flags)
{
	int32_t fds[2];
	int32_t result = flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK) ? -EINVAL : find_two(fds);

	if (result != OK)
		return result;
	result = ask_for_pipe(fds, flags);
	if (result == -EBUSY) {
		file_close_left(fds[0]);
		file_close_left(fds[1]);
		result = ask_for_pipe(fds, flags);
	}
	file_check_answer(result, fds[0]);
	file_check_answer(result, fds[1]);
	if (result != OK)
		return result;
	set_pipe(fds, FD_PIPE, flags);
	result = user_put(address, fds, sizeof(fds));
	if (result != OK)
		set_pipe(fds, FD_CLOSED, 0);
	return result;
}

/* pipe(fds) */
int32_t linux_pipe(struct bridge_regs *regs)
{
	return make_pipe(regs->ebx, 0);
}

/* pipe2(fds, flags) */
int32_t linux_pipe2(struct bridge_regs *regs)
{
	return make_pipe(regs->ebx, regs->ecx);
}
