/* SPDX-License-Identifier: MIT */
/* Prints SHA-256 sums of files. */
#include <limits.h>

#include "../lib/files.h"
#include "../lib/usage.h"
#include "sha256.h"

#define ABOUT "prints the SHA-256 sums of files"

static const struct usage usage = {"sha256sum", "[FILE ...]", ABOUT,
                                   "Without a FILE, and for -, of what it reads."};

/* Returns 0 or 1: the program's exit status. */
static int sum_file(const char *name)
{
	static char buffer[FILES_BUFFER] __attribute__((aligned(4096)));
	uint8_t digest[SHA256_BYTES];
	struct sha256 state;
	int fd = files_open("sha256sum", name);
	ssize_t count = -1;
	sha256_begin(&state);
	while (fd >= 0 && (count = files_read("sha256sum", name, fd, buffer, sizeof(buffer))) > 0)
		sha256_add(&state, buffer, (size_t)count);
	if (fd >= 0)
		files_close(fd);
	if (count < 0)
		return 1;
	sha256_end(&state, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		printf("%02x", digest[i]);
	printf("  %s\n", name);
	return 0;
}

int main(int argc, char **argv)
{
	usage_check(&usage, argc, argv, 0, INT_MAX - 1);
	int status = argc == 1 ? sum_file(FILES_STDIN) : 0;
	for (int i = 1; i < argc; i++)
		status |= sum_file(argv[i]);
	return status;
}
