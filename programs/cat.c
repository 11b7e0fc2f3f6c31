/* SPDX-License-Identifier: MIT */
/* Writes files to standard output. */
#include <limits.h>

#include "lib/files.h"
#include "lib/usage.h"

#define ABOUT "writes files to its output, one behind the other"

static const struct usage usage = {"cat", "[FILE ...]", ABOUT, "Without a FILE, and for -, what it reads."};

static int write_all(const char *bytes, ssize_t count)
{
	while (count > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, (size_t)count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			perror("cat");
			return 1;
		}
		bytes += written;
		count -= written;
	}
	return 0;
}

/* Returns 0 or 1: the program's exit status. */
static int copy(const char *name)
{
	static char buffer[FILES_BUFFER] __attribute__((aligned(4096)));
	int fd = files_open("cat", name), status = 0;
	ssize_t count = 1;
	while (fd >= 0 && status == 0 && (count = files_read("cat", name, fd, buffer, sizeof(buffer))) > 0)
		status = write_all(buffer, count);
	if (fd >= 0)
		files_close(fd);
	return fd < 0 || count < 0 || status;
}

int main(int argc, char **argv)
{
	usage_check(&usage, argc, argv, 0, INT_MAX - 1);
	int status = argc == 1 ? copy(FILES_STDIN) : 0;
	for (int i = 1; i < argc; i++)
		status |= copy(argv[i]);
	return status;
}
