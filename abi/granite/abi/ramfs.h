/* SPDX-License-Identifier: MIT */
/*
 * Requests and replies of the file server. The caller chooses the numbers of its descriptors, 0 to
 * RAMFS_FDS - 1; the server keeps what each stands for. Memory is lent by a grant to the server for the
 * length of the call: for paths and what is written with CPF_READ, for what is read with CPF_WRITE, for poll
 * with both. Open flags, modes, file types, whences and events have Linux/i386's values.
 *
 * Every call: EINVAL a value is out of its range; EBADF no such descriptor is open, or not for this; EFAULT,
 * EPERM, EDEADSRCDST the memory lent can't be used.
 *
 * Requests are carried out once though the server dies, if they have a serial number (<granite/abi/once.h>).
 * The descriptors and the working directory are known to all servers that have the same `origin`.
 */
#ifndef GRANITE_ABI_RAMFS_H
#define GRANITE_ABI_RAMFS_H

#include <granite/abi/types.h>
#include <granite/abi/message.h>
#include <granite/abi/once.h>

#define RAMFS_BASE 0x500

enum ramfs_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/ramfs.def>
#undef OP
};

#define RAMFS_FDS           64
#define RAMFS_CWD           (-100) /* as a directory's descriptor: the working directory */
#define RAMFS_PATH_MAX      4096   /* of a path, with its end */
#define RAMFS_PIPE_BUF      4096   /* so many bytes are written to a pipe at one stroke */
#define RAMFS_PIPE_CAPACITY 16384

/* A path lent by `grant`, and where it begins if it has no slash in front. ENOENT, ENOTDIR, ENAMETOOLONG. */
struct ramfs_path {
	cp_grant_id_t grant;
	uint32_t bytes; /* without an end */
	int32_t directory;
};

/* EROFS: not for writing; EISDIR, EEXIST as open(2); EBUSY: `fd` is open already; ENFILE: there are too
 * many open files, or no memory. */
struct ramfs_open_req {
	struct ramfs_path path;
	int32_t fd;
	uint32_t flags; /* O_* */
};
struct ramfs_open_rep {
	endpoint_t origin;
};

struct ramfs_close_req {
	int32_t fd;
};
struct ramfs_close_rep {
};

/* `to` stands for the same open file as `fd` afterwards; what it stood for before is closed. */
struct ramfs_dup_req {
	int32_t fd, to;
	uint32_t cloexec; /* 1: `to` is closed by exec */
};
struct ramfs_dup_rep {
};

/* ENFILE: there are too many pipes or open files, or no memory. */
struct ramfs_pipe_req {
	int32_t read_fd, write_fd;
	uint32_t flags; /* O_CLOEXEC, O_NONBLOCK */
};
struct ramfs_pipe_rep {
	endpoint_t origin;
};

#define RAMFS_AT     1 /* from `offset` on; the file's position neither counts nor changes. ESPIPE: a pipe */
#define RAMFS_NOWAIT 2 /* as if the file had O_NONBLOCK */

struct ramfs_read_req {
	cp_grant_id_t grant;
	uint64_t offset;
	int32_t fd;
	uint32_t bytes;
	uint32_t flags; /* RAMFS_* */
};
struct ramfs_read_rep {
	uint32_t bytes; /* 0: the end of the file */
};

/* EPIPE: nobody reads. */
struct ramfs_write_req {
	cp_grant_id_t grant;
	int32_t fd;
	uint32_t bytes;
};
struct ramfs_write_rep {
	uint32_t bytes;
	uint32_t broken; /* 1: then the last reader went */
};

struct ramfs_seek_req {
	int64_t offset;
	int32_t fd;
	uint32_t whence; /* SEEK_SET, SEEK_CUR, SEEK_END */
};
struct ramfs_seek_rep {
	uint64_t offset;
};

/* No bytes of path: what path.directory stands for, a file too. */
struct ramfs_stat_req {
	struct ramfs_path path;
};
struct ramfs_stat_rep {
	uint64_t bytes;
	uint32_t mode; /* st_mode */
	uint32_t inode, links;
};

/* struct linux_dirent64, as many as fit. EINVAL: not one does. */
struct ramfs_getdents_req {
	cp_grant_id_t grant;
	int32_t fd;
	uint32_t bytes;
};
struct ramfs_getdents_rep {
	uint32_t bytes; /* 0: there are no more */
};

struct ramfs_status_req {
	int32_t fd;
	uint32_t set;   /* 0: only ask */
	uint32_t flags; /* O_NONBLOCK; others do not count */
};
struct ramfs_status_rep {
	uint32_t flags; /* O_* */
};

struct ramfs_setfd_req {
	int32_t fd;
	uint32_t cloexec;
};
struct ramfs_setfd_rep {
};

/* Linux's struct pollfd. Descriptors below 0 are left out. */
struct ramfs_pollfd {
	int32_t fd;
	uint16_t events, revents;
};
#define RAMFS_NO_LIMIT UINT64_MAX
struct ramfs_poll_req {
	cp_grant_id_t grant; /* struct ramfs_pollfd[count] */
	uint64_t limit;      /* until when: nanoseconds since boot, or RAMFS_NO_LIMIT; what is past is now */
	uint32_t count;      /* RAMFS_FDS at most */
};
struct ramfs_poll_rep {
	uint32_t ready;
};

struct ramfs_chdir_req {
	struct ramfs_path path; /* no bytes: what path.directory stands for */
};
struct ramfs_chdir_rep {
	endpoint_t origin;
};

/* ERANGE: the path and its end are longer. */
struct ramfs_getcwd_req {
	cp_grant_id_t grant;
	uint32_t bytes;
};
struct ramfs_getcwd_rep {
	uint32_t bytes; /* with the end */
};

/* What has become of the caller's request of this number. */
struct ramfs_outcome_req {
	uint64_t serial;
};
struct ramfs_outcome_rep {
	struct once_outcome outcome;
};

#define OP(number, NAME, name) MESSAGE_FITS(ramfs, name) ONCE_HAS_ROOM(ramfs, name)
#include <granite/abi/ops/ramfs.def>
#undef OP

#endif
