/* SPDX-License-Identifier: MIT */
/* Reading files. The buffer's pages are the reader's own before each batch; a file's data lies on whole
 * pages. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>
#include <granite/abi/layout.h>

#include "measure.h"

#define PIECE  65536u
#define PIECES 16

static char buffer[PIECES * PIECE] __attribute__((aligned(PAGE_SIZE)));
static int file;

/* A file that is always there, and long enough. */
static void open_file(void)
{
	file = open("/bin/sh", O_RDONLY);
	REQUIRE(file >= 0);
	REQUIRE(pread(file, buffer, PIECE, 0) == PIECE);
}

static void dirty(void)
{
	for (uint32_t at = 0; at < sizeof(buffer); at += PAGE_SIZE)
		buffer[at]++;
}

static void read_64k(uint32_t i)
{
	(void)pread(file, buffer + i * PIECE, PIECE, 0);
}

static const struct row rows[] = {
        ROW("file.read_64KiB", PIECES, read_64k, .setup = open_file, .prepare = dirty),
};

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
