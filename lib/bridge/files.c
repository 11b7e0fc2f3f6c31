/* SPDX-License-Identifier: MIT */
/* The calls about descriptors themselves. */
#include <fcntl.h>
#include <sys/stat.h>
#include <granite/abi/errno.h>
#include <granite/abi/types.h>

#include "bridge.h"
#include "fd.h"

#define CONSOLE_DEVICE 0x501u /* /dev/console on Linux: 5, 1 */

/* close(fd) */
int32_t linux_close(struct bridge_regs *regs)
{
	return fd_close((int32_t)regs->ebx);
}

/* dup(fd) */
int32_t linux_dup(struct bridge_regs *regs)
{
	return fd_duplicate((int32_t)regs->ebx, 0, 0);
}

/* dup2(fd, to) */
int32_t linux_dup2(struct bridge_regs *regs)
{
	if (regs->ebx == regs->ecx)
		return fd_is_open((int32_t)regs->ebx) ? (int32_t)regs->ebx : -EBADF;
	return fd_duplicate_to((int32_t)regs->ebx, (int32_t)regs->ecx, 0);
}

/* dup3(fd, to, flags) */
int32_t linux_dup3(struct bridge_regs *regs)
{
	if (regs->ebx == regs->ecx || (regs->edx & ~O_CLOEXEC))
		return -EINVAL;
	return fd_duplicate_to((int32_t)regs->ebx, (int32_t)regs->ecx, regs->edx ? FD_CLOSES_ON_EXEC : 0);
}

/* The console is always open for reading and writing, and always waits. */
static int32_t set_status(int32_t fd, uint32_t flags)
{
	if (!fd_is_open(fd))
		return -EBADF;
	return flags & O_NONBLOCK ? -EINVAL : OK;
}

/* fcntl(fd, command, argument) */
int32_t linux_fcntl(struct bridge_regs *regs)
{
	int32_t fd = (int32_t)regs->ebx;

	switch (regs->ecx) {
	case F_DUPFD:
		return fd_duplicate(fd, regs->edx, 0);
	case F_DUPFD_CLOEXEC:
		return fd_duplicate(fd, regs->edx, FD_CLOSES_ON_EXEC);
	case F_GETFD:
		return fd_get_flags(fd);
	case F_SETFD:
		return fd_set_flags(fd, regs->edx & FD_CLOSES_ON_EXEC);
	case F_GETFL:
		return fd_is_open(fd) ? O_RDWR : -EBADF;
	case F_SETFL:
		return set_status(fd, regs->edx);
	default:
		return fd_is_open(fd) ? -EINVAL : -EBADF;
	}
}

/* lseek(fd, ...), _llseek(fd, ...) */
int32_t linux_lseek(struct bridge_regs *regs)
{
	return fd_is_open((int32_t)regs->ebx) ? -ESPIPE : -EBADF;
}

/* fstat64(fd, stat) */
int32_t linux_fstat64(struct bridge_regs *regs)
{
	static const struct linux_stat64 console = {.mode = S_IFCHR | 0620,
	                                            .nlink = 1,
	                                            .rdev = CONSOLE_DEVICE,
	                                            .blksize = 4096,
	                                            .short_ino = 1,
	                                            .ino = 1};

	if (!fd_is_open((int32_t)regs->ebx))
		return -EBADF;
	return user_put(regs->ecx, &console, sizeof(console));
}
