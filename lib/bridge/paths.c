/* SPDX-License-Identifier: MIT */
/* The calls that take paths, and those about directories. Nothing there can be changed: EROFS. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <granite/abi/errno.h>

#include "bridge.h"
#include "fd.h"
#include "files.h"
#include "fileserver.h"

/* ---- open ---- */

static int32_t ask_to_open(int32_t fd, int32_t directory, uint32_t path, uint32_t flags)
{
	union ramfs_open_message call;
	struct loan loan;
	int32_t result = fileserver_path(path, directory, &call.req.path, &loan);

	if (result == OK) {
		call.req.fd = fd;
		call.req.flags = flags;
		result = fileserver_call(FILE_ANEW, RAMFS_OPEN, &call.m, &loan);
	}
	return result;
}

static int32_t open_as(int32_t fd, int32_t directory, uint32_t path, uint32_t flags)
{
	int32_t result = ask_to_open(fd, directory, path, flags);

	if (result == -EBUSY) {
		file_close_left(fd);
		result = ask_to_open(fd, directory, path, flags);
	}
	file_check_answer(result, fd);
	if (result != OK)
		return result;
	fd_put(fd, FD_FILE, flags & O_CLOEXEC ? FD_CLOSES_ON_EXEC : 0);
	return fd;
}

static int32_t open_path(int32_t directory, uint32_t path, uint32_t flags)
{
	int32_t fd = fd_find_closed(0);

	return fd >= 0 ? open_as(fd, directory, path, flags) : fd;
}

/* open(path, flags, mode) */
int32_t linux_open(struct bridge_regs *regs)
{
	return open_path(AT_FDCWD, regs->ebx, regs->ecx);
}

/* openat(directory, path, flags, mode) */
int32_t linux_openat(struct bridge_regs *regs)
{
	return open_path((int32_t)regs->ebx, regs->ecx, regs->edx);
}

/* creat(path, mode) */
int32_t linux_creat(struct bridge_regs *regs)
{
	return open_path(AT_FDCWD, regs->ebx, O_CREAT | O_WRONLY | O_TRUNC);
}

/* ---- What may be done with a file ---- */

static int32_t allows(const struct file_facts *facts, uint32_t mode)
{
	if (mode & W_OK)
		return -EROFS;
	return !(mode & X_OK) || facts->file.mode & 0111 ? OK : -EACCES;
}

static int32_t may_access(int32_t directory, uint32_t path, uint32_t mode)
{
	struct file_facts facts;
	int32_t result = mode & ~(uint32_t)(R_OK | W_OK | X_OK) ? -EINVAL : OK;

	if (result == OK)
		result = file_facts_of_path(directory, path, &facts);
	return result == OK ? allows(&facts, mode) : result;
}

/* access(path, mode) */
int32_t linux_access(struct bridge_regs *regs)
{
	return may_access(AT_FDCWD, regs->ebx, regs->ecx);
}

/* faccessat(directory, path, mode) and faccessat2(..., flags): real and effective user are the same */
int32_t linux_faccessat(struct bridge_regs *regs)
{
	return may_access((int32_t)regs->ebx, regs->ecx, regs->edx);
}

/* There are no symbolic links. */
static int32_t read_link(int32_t directory, uint32_t path)
{
	struct file_facts facts;
	int32_t result = file_facts_of_path(directory, path, &facts);

	return result == OK ? -EINVAL : result;
}

/* readlink(path, buffer, bytes) */
int32_t linux_readlink(struct bridge_regs *regs)
{
	return read_link(AT_FDCWD, regs->ebx);
}

/* readlinkat(directory, path, buffer, bytes) */
int32_t linux_readlinkat(struct bridge_regs *regs)
{
	return read_link((int32_t)regs->ebx, regs->ecx);
}

/* unlink(path), rmdir(path), rename(path, to), chmod(path, mode) */
int32_t linux_change(struct bridge_regs *regs)
{
	return may_access(AT_FDCWD, regs->ebx, W_OK);
}

/* unlinkat(directory, path, flags) */
int32_t linux_changeat(struct bridge_regs *regs)
{
	return may_access((int32_t)regs->ebx, regs->ecx, W_OK);
}

static int32_t make_directory(int32_t directory, uint32_t path)
{
	int32_t result = may_access(directory, path, F_OK);

	if (result == OK)
		return -EEXIST;
	return result == -ENOENT ? -EROFS : result;
}

/* mkdir(path, mode) */
int32_t linux_mkdir(struct bridge_regs *regs)
{
	return make_directory(AT_FDCWD, regs->ebx);
}

/* mkdirat(directory, path, mode) */
int32_t linux_mkdirat(struct bridge_regs *regs)
{
	return make_directory((int32_t)regs->ebx, regs->ecx);
}

/* ---- Directories ---- */

/* chdir(path) */
int32_t linux_chdir(struct bridge_regs *regs)
{
	union ramfs_chdir_message call;
	struct loan loan;
	int32_t result = fileserver_path(regs->ebx, AT_FDCWD, &call.req.path, &loan);

	if (result == OK)
		result = loan.bytes ? fileserver_call(FILE_ANEW, RAMFS_CHDIR, &call.m, &loan) : -ENOENT;
	if (result == OK)
		fileserver_moved(loan.start == START_ROOT && loan.bytes == sizeof("/") - 1);
	return result;
}

/* Why a descriptor that is not the server's can't be one. */
static int32_t not_a_directory(int32_t fd)
{
	int32_t result = fd_check(fd);

	return result == OK ? -ENOTDIR : result;
}

/* fchdir(fd) */
int32_t linux_fchdir(struct bridge_regs *regs)
{
	union ramfs_chdir_message call;
	int32_t fd = (int32_t)regs->ebx, result;

	if (!fd_is_served(fd))
		return not_a_directory(fd);
	call.req = (struct ramfs_chdir_req){.path = {.directory = fd}};
	result = fileserver_ask(RAMFS_CHDIR, &call.m);
	if (result == OK)
		fileserver_moved(0);
	return result;
}

/* Who may not use the file server, or has none, is in the root. */
static int32_t get_root(uint32_t address, uint32_t bytes)
{
	static const char root[] = "/";

	if (bytes < sizeof(root))
		return -ERANGE;
	return user_put(address, root, sizeof(root)) == OK ? (int32_t)sizeof(root) : -EFAULT;
}

/* getcwd(buffer, bytes): the length with the end */
int32_t linux_getcwd(struct bridge_regs *regs)
{
	uint32_t bytes = regs->ecx < RAMFS_PATH_MAX ? regs->ecx : RAMFS_PATH_MAX;
	const struct loan loan = {regs->ebx, bytes, CPF_WRITE, START_DIRECTORY};
	union ramfs_getcwd_message call;
	int32_t result;

	if (fileserver_directory() == PM_DIRECTORY_LOST)
		return -EIO;
	call.req = (struct ramfs_getcwd_req){.bytes = bytes};
	result = fileserver_call(FILE_ANEW, RAMFS_GETCWD, &call.m, &loan);
	if (result == -ESRCH || result == -ECALLDENIED)
		return get_root(regs->ebx, bytes);
	return result == OK ? (int32_t)call.rep.bytes : result;
}

/* getdents64(fd, buffer, bytes) */
int32_t linux_getdents64(struct bridge_regs *regs)
{
	const struct loan loan = {.address = regs->ecx, .bytes = regs->edx, .access = CPF_WRITE};
	union ramfs_getdents_message call;
	int32_t fd = (int32_t)regs->ebx, result;

	if (!fd_is_served(fd))
		return not_a_directory(fd);
	call.req = (struct ramfs_getdents_req){.fd = fd, .bytes = regs->edx};
	result = fileserver_call(FILE_CALL, RAMFS_GETDENTS, &call.m, &loan);
	return result == OK ? (int32_t)call.rep.bytes : result;
}
