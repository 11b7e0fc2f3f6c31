/* SPDX-License-Identifier: MIT */
/* stat(2) in all its forms. */
#define _GNU_SOURCE /* AT_EMPTY_PATH */
#include <fcntl.h>
#include <sys/stat.h>
#include <granite/abi/errno.h>

#include "bridge.h"
#include "fd.h"
#include "files.h"
#include "fileserver.h"

#define FILES_DEVICE  1u /* the device that all files are on */
#define CONSOLE_MAJOR 5u /* /dev/console on Linux: 5, 1 */
#define CONSOLE_MINOR 1u
#define BLOCK_BYTES   4096u
#define SECTOR_BYTES  512u /* what st_blocks counts */

static const struct file_facts console_facts = {
        .file = {.mode = S_IFCHR | 0620, .links = 1, .inode = 1},
        .device = CONSOLE_MAJOR << 8 | CONSOLE_MINOR,
};

/* ---- Asking ---- */

static int32_t ask(enum file_call how, union ramfs_stat_message *call, const struct loan *loan,
                   struct file_facts *facts)
{
	int32_t result = fileserver_call(how, RAMFS_STAT, &call->m, loan);

	if (result == OK)
		*facts = (struct file_facts){.file = call->rep};
	return result;
}

int32_t file_facts_of_fd(int32_t fd, struct file_facts *facts)
{
	static const struct loan nothing = {0};
	union ramfs_stat_message call;
	int32_t result = fd_check(fd);

	if (result != OK)
		return result;
	if (fd_kind(fd) == FD_CONSOLE) {
		*facts = console_facts;
		return OK;
	}
	call.req = (struct ramfs_stat_req){.path = {.directory = fd}};
	return ask(FILE_CALL, &call, &nothing, facts);
}

int32_t file_facts_of_path(int32_t directory, uint32_t path, struct file_facts *facts)
{
	union ramfs_stat_message call;
	struct loan loan;
	int32_t result = fileserver_path(path, directory, &call.req.path, &loan);

	if (result != OK)
		return result;
	return loan.bytes ? ask(FILE_ANEW, &call, &loan, facts) : -ENOENT;
}

static int32_t facts_at(int32_t directory, uint32_t path, uint32_t flags, struct file_facts *facts)
{
	int32_t length = user_strnlen(user_pointer(path), 1);

	if (length < 0)
		return length;
	if (length == 0 && flags & AT_EMPTY_PATH && directory != AT_FDCWD)
		return file_facts_of_fd(directory, facts);
	return file_facts_of_path(directory, path, facts);
}

/* ---- Telling ---- */

static uint64_t sectors_of(const struct file_facts *facts)
{
	return (facts->file.bytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
}

static int32_t put_stat64(uint32_t address, const struct file_facts *facts)
{
	const struct linux_stat64 stat = {
	        .dev = FILES_DEVICE,
	        .short_ino = facts->file.inode,
	        .mode = facts->file.mode,
	        .nlink = facts->file.links,
	        .rdev = facts->device,
	        .size = facts->file.bytes,
	        .blksize = BLOCK_BYTES,
	        .blocks = sectors_of(facts),
	        .ino = facts->file.inode,
	};

	return user_put(address, &stat, sizeof(stat));
}

static int32_t put_statx(uint32_t address, const struct file_facts *facts)
{
	const struct linux_statx stat = {
	        .mask = LINUX_STATX_BASIC_STATS,
	        .blksize = BLOCK_BYTES,
	        .nlink = facts->file.links,
	        .mode = (uint16_t)facts->file.mode,
	        .ino = facts->file.inode,
	        .size = facts->file.bytes,
	        .blocks = sectors_of(facts),
	        .rdev_major = facts->device >> 8,
	        .rdev_minor = facts->device & 0xff,
	        .dev_minor = FILES_DEVICE,
	};

	return user_put(address, &stat, sizeof(stat));
}

/* ---- The calls ---- */

/* stat64(path, stat), lstat64(path, stat): there are no symbolic links */
int32_t linux_stat64(struct bridge_regs *regs)
{
	struct file_facts facts;
	int32_t result = file_facts_of_path(AT_FDCWD, regs->ebx, &facts);

	return result == OK ? put_stat64(regs->ecx, &facts) : result;
}

/* fstat64(fd, stat) */
int32_t linux_fstat64(struct bridge_regs *regs)
{
	struct file_facts facts;
	int32_t result = file_facts_of_fd((int32_t)regs->ebx, &facts);

	return result == OK ? put_stat64(regs->ecx, &facts) : result;
}

/* fstatat64(directory, path, stat, flags) */
int32_t linux_fstatat64(struct bridge_regs *regs)
{
	struct file_facts facts;
	int32_t result = facts_at((int32_t)regs->ebx, regs->ecx, regs->esi, &facts);

	return result == OK ? put_stat64(regs->edx, &facts) : result;
}

/* statx(directory, path, flags, mask, stat): it tells the same whatever is asked for */
int32_t linux_statx(struct bridge_regs *regs)
{
	struct file_facts facts;
	int32_t result = facts_at((int32_t)regs->ebx, regs->ecx, regs->edx, &facts);

	return result == OK ? put_statx(regs->edi, &facts) : result;
}
