/* SPDX-License-Identifier: MIT */
/* How programs that read files, or else their standard input, go through their arguments. */
#ifndef PROGRAMS_LIB_FILES_H
#define PROGRAMS_LIB_FILES_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILES_BUFFER 65536

/* What stands for standard input among file names. */
#define FILES_STDIN "-"

/* Opens the file, or says in the name of `program` why not and returns -1. */
static inline int files_open(const char *program, const char *name)
{
	int fd = strcmp(name, FILES_STDIN) == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fprintf(stderr, "%s: %s: %s\n", program, name, strerror(errno));
	return fd;
}

/* The bytes read, 0 at the end; or -1, and why has been told. */
static inline ssize_t files_read(const char *program, const char *name, int fd, void *buffer, size_t bytes)
{
	ssize_t count;

	do
		count = read(fd, buffer, bytes);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		fprintf(stderr, "%s: %s: %s\n", program, name, strerror(errno));
	return count;
}

static inline void files_close(int fd)
{
	if (fd != STDIN_FILENO)
		(void)close(fd);
}

#endif
