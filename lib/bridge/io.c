/* SPDX-License-Identifier: MIT */
/* Reading and writing. */
#include <stdbool.h>
#include <granite/abi/errno.h>
#include <granite/abi/types.h>

#include "bridge.h"
#include "console.h"
#include "fd.h"

#define BYTES_MAX   0x7ffff000u /* what Linux moves in one call */
#define VECTORS_MAX 1024u       /* IOV_MAX */

static uint32_t limited(uint32_t bytes)
{
	return bytes < BYTES_MAX ? bytes : BYTES_MAX;
}

static int32_t read_some(uint32_t address, uint32_t bytes)
{
	return bytes ? console_read(address, limited(bytes)) : 0;
}

/*
 * Goes on until all is written. After an error half-way the result is what
 * was written; the next call gets the error.
 */
static int32_t write_all(uint32_t address, uint32_t bytes)
{
	uint32_t done = 0;

	bytes = limited(bytes);
	while (done < bytes) {
		int32_t result = console_write(address + done, bytes - done);

		if (result <= 0)
			return done ? (int32_t)done : result;
		done += (uint32_t)result;
	}
	return (int32_t)done;
}

/* read(fd, buffer, bytes) */
int32_t linux_read(struct bridge_regs *regs)
{
	return fd_is_open((int32_t)regs->ebx) ? read_some(regs->ecx, regs->edx) : -EBADF;
}

/* write(fd, buffer, bytes) */
int32_t linux_write(struct bridge_regs *regs)
{
	return fd_is_open((int32_t)regs->ebx) ? write_all(regs->ecx, regs->edx) : -EBADF;
}

struct vector_move {
	int32_t (*move)(uint32_t address, uint32_t bytes); /* read_some or write_all */
	uint32_t done;                                     /* bytes moved, of all vectors */
};

/* Moves the vector at `address`. 1: all of it; 0: a part; or a negative errno. */
static int32_t move_vector(struct vector_move *vectors, uint32_t address)
{
	struct linux_iovec vector;
	int32_t result = user_get(&vector, address, sizeof(vector));

	if (result != OK)
		return result;
	if (vector.bytes > BYTES_MAX - vectors->done)
		vector.bytes = BYTES_MAX - vectors->done;
	result = vectors->move(vector.base, vector.bytes);
	if (result < 0)
		return result;
	vectors->done += (uint32_t)result;
	return (uint32_t)result == vector.bytes;
}

/*
 * readv(fd, vectors, count), writev(fd, vectors, count). A vector that is not moved whole is the last. With
 * `only_first` so is the first into which anything was read: the next one might wait for another line.
 */
static int32_t move_vectors(const struct bridge_regs *regs, int32_t (*move)(uint32_t address, uint32_t bytes),
                            bool only_first)
{
	struct vector_move vectors = {.move = move};
	int32_t result = 1;

	if (!fd_is_open((int32_t)regs->ebx))
		return -EBADF;
	if (regs->edx > VECTORS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < regs->edx && result == 1 && !(only_first && vectors.done); i++)
		result = move_vector(&vectors, regs->ecx + i * sizeof(struct linux_iovec));
	return result < 0 && vectors.done == 0 ? result : (int32_t)vectors.done;
}

int32_t linux_readv(struct bridge_regs *regs)
{
	return move_vectors(regs, read_some, true);
}

int32_t linux_writev(struct bridge_regs *regs)
{
	return move_vectors(regs, write_all, false);
}
