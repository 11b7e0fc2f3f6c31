/* SPDX-License-Identifier: MIT */
/* Reading and writing. */
#include <signal.h>
#include <granite/abi/errno.h>
#include <granite/abi/types.h>

#include "bridge.h"
#include "console.h"
#include "fd.h"
#include "files.h"
#include "fileserver.h"

#define BYTES_MAX   0x7ffff000u /* what Linux moves in one call */
#define VECTORS_MAX 1024u       /* IOV_MAX */

static uint32_t limited(uint32_t bytes)
{
	return bytes < BYTES_MAX ? bytes : BYTES_MAX;
}

/* ---- The file server's ---- */

static enum file_call how_to_call(int32_t fd)
{
	return fd_kind(fd) == FD_PIPE ? FILE_WAITS : FILE_CALL;
}

static int32_t read_served(int32_t fd, uint32_t address, uint32_t bytes, uint32_t flags, uint64_t offset)
{
	const struct loan loan = {.address = address, .bytes = bytes, .access = CPF_WRITE};
	union ramfs_read_message call;
	int32_t result;

	call.req = (struct ramfs_read_req){.fd = fd, .bytes = bytes, .flags = flags, .offset = offset};
	result = fileserver_call(how_to_call(fd), RAMFS_READ, &call.m, &loan);
	return result == OK ? (int32_t)call.rep.bytes : result;
}

static void send_sigpipe(void)
{
	union pm_kill_message call;

	call.req = (struct pm_kill_req){.pid = bridge_pid(), .signal = SIGPIPE};
	GRANITE_IGNORE(pm_kill_call(&call)); /* a process may always send itself signals */
}

static int32_t write_served(int32_t fd, uint32_t address, uint32_t bytes)
{
	const struct loan loan = {.address = address, .bytes = bytes, .access = CPF_READ};
	union ramfs_write_message call;
	int32_t result;

	call.req = (struct ramfs_write_req){.fd = fd, .bytes = bytes};
	result = fileserver_call(how_to_call(fd), RAMFS_WRITE, &call.m, &loan);
	if (result == -EPIPE || (result == OK && call.rep.broken))
		send_sigpipe();
	return result == OK ? (int32_t)call.rep.bytes : result;
}

/* ---- The console's ---- */

/*
 * Goes on until all is written. After an error half-way the result is what
 * was written; the next call gets the error.
 */
static int32_t write_console(uint32_t address, uint32_t bytes)
{
	uint32_t done = 0;

	while (done < bytes) {
		int32_t result = console_write(address + done, bytes - done);

		if (result <= 0)
			return done ? (int32_t)done : result;
		done += (uint32_t)result;
	}
	return (int32_t)done;
}

/* A read from the console always waits: whoever may not wait gets nothing. */
static int32_t read_console(uint32_t address, uint32_t bytes, uint32_t flags)
{
	if (flags & RAMFS_AT)
		return -ESPIPE;
	if (flags & RAMFS_NOWAIT)
		return -EAGAIN;
	return bytes ? console_read(address, bytes) : 0;
}

/* ---- Either ---- */

int32_t file_read(int32_t fd, uint32_t address, uint32_t bytes, uint32_t flags, uint64_t offset)
{
	int32_t result = fd_check(fd);

	if (result != OK)
		return result;
	return fd_kind(fd) == FD_CONSOLE ? read_console(address, limited(bytes), flags)
	                                 : read_served(fd, address, limited(bytes), flags, offset);
}

int32_t file_write(int32_t fd, uint32_t address, uint32_t bytes)
{
	int32_t result = fd_check(fd);

	if (result != OK)
		return result;
	return fd_kind(fd) == FD_CONSOLE ? write_console(address, limited(bytes))
	                                 : write_served(fd, address, limited(bytes));
}

/* read(fd, buffer, bytes) */
int32_t linux_read(struct bridge_regs *regs)
{
	return file_read((int32_t)regs->ebx, regs->ecx, regs->edx, 0, 0);
}

/* write(fd, buffer, bytes) */
int32_t linux_write(struct bridge_regs *regs)
{
	return file_write((int32_t)regs->ebx, regs->ecx, regs->edx);
}

/* pread64(fd, buffer, bytes, offset low, offset high) */
int32_t linux_pread64(struct bridge_regs *regs)
{
	uint64_t offset = (uint64_t)regs->edi << 32 | regs->esi;

	if (offset > INT64_MAX)
		return -EINVAL;
	return file_read((int32_t)regs->ebx, regs->ecx, regs->edx, RAMFS_AT, offset);
}

/* pwrite64(fd, buffer, bytes, offset low, offset high): what can be sought can't be written */
int32_t linux_pwrite64(struct bridge_regs *regs)
{
	int32_t fd = (int32_t)regs->ebx;
	int32_t result = fd_check(fd);

	if (result != OK)
		return result;
	return fd_kind(fd) == FD_FILE ? -EBADF : -ESPIPE;
}

/* ---- Vectors ---- */

struct vector_move {
	/* file_read, or file_write with what it has no use for */
	int32_t (*move)(int32_t fd, uint32_t address, uint32_t bytes, uint32_t flags);
	int32_t fd;
	uint32_t done; /* bytes moved, of all vectors */
};

static int32_t read_some(int32_t fd, uint32_t address, uint32_t bytes, uint32_t flags)
{
	return file_read(fd, address, bytes, flags, 0);
}

static int32_t write_some(int32_t fd, uint32_t address, uint32_t bytes, uint32_t flags)
{
	(void)flags;
	return file_write(fd, address, bytes);
}

/* Moves the vector at `address`. 1: all of it; 0: a part; or a negative errno. Only the first bytes are
 * waited for. */
static int32_t move_vector(struct vector_move *vectors, uint32_t address)
{
	struct linux_iovec vector;
	int32_t result = user_get(&vector, address, sizeof(vector));

	if (result != OK)
		return result;
	if (vector.bytes > BYTES_MAX - vectors->done)
		vector.bytes = BYTES_MAX - vectors->done;
	if (vector.bytes == 0)
		return 1;
	result = vectors->move(vectors->fd, vector.base, vector.bytes, vectors->done ? RAMFS_NOWAIT : 0);
	if (result < 0)
		return result;
	vectors->done += (uint32_t)result;
	return (uint32_t)result == vector.bytes;
}

/* A vector that is not moved whole is the last. */
static int32_t move_vectors(struct vector_move *vectors, uint32_t address, uint32_t count)
{
	int32_t result = 1;

	if (!fd_is_open(vectors->fd))
		return -EBADF;
	if (count > VECTORS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < count && result == 1; i++)
		result = move_vector(vectors, address + i * sizeof(struct linux_iovec));
	return result < 0 && vectors->done == 0 ? result : (int32_t)vectors->done;
}

/* readv(fd, vectors, count) */
int32_t linux_readv(struct bridge_regs *regs)
{
	struct vector_move vectors = {.move = read_some, .fd = (int32_t)regs->ebx};

	return move_vectors(&vectors, regs->ecx, regs->edx);
}

/*
 * Collects vectors of RAMFS_PIPE_BUF bytes at most in one place, because they must go into a pipe at one
 * stroke. The number of bytes; 0: there are none, or too many; or a negative errno.
 */
static int32_t gather(uint8_t *place, uint32_t address, uint32_t count)
{
	struct linux_iovec vector;
	uint32_t done = 0;

	for (uint32_t i = 0; i < count; i++) {
		int32_t result = user_get(&vector, address + i * sizeof(vector), sizeof(vector));

		if (result == OK && vector.bytes > RAMFS_PIPE_BUF - done)
			return 0;
		if (result == OK)
			result = user_get(place + done, vector.base, vector.bytes);
		if (result != OK)
			return result;
		done += vector.bytes;
	}
	return (int32_t)done;
}

/* writev(fd, vectors, count) */
int32_t linux_writev(struct bridge_regs *regs)
{
	static uint8_t gathered[RAMFS_PIPE_BUF];
	struct vector_move vectors = {.move = write_some, .fd = (int32_t)regs->ebx};
	int32_t bytes = 0;

	if (fd_kind(vectors.fd) == FD_PIPE && regs->edx <= VECTORS_MAX)
		bytes = gather(gathered, regs->ecx, regs->edx);
	if (bytes < 0)
		return bytes;
	return bytes ? file_write(vectors.fd, user_address(gathered), (uint32_t)bytes)
	             : move_vectors(&vectors, regs->ecx, regs->edx);
}
