/* SPDX-License-Identifier: MIT */
/* Shows the kernel's counters, or by how much a command moves them. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/abi/counters.h>
#include <granite/sys.h>

#include "lib/usage.h"

#define HELP                                                                                             \
	"Shows the kernel's counters since boot; with a command, starts it and shows by how much they\n" \
	"grew until it ended. The rest of the system counts too: do it twice."

static void get_counters(struct granite_counters *counters)
{
	int result = sys_getinfo(GET_COUNTERS, counters, sizeof(*counters), 0);
	if (result == (int)sizeof(*counters))
		return;
	fprintf(stderr, "stats: no counters: %s\n", strerror(result < 0 ? -result : EIO));
	exit(1);
}

static void print_difference(const struct granite_counters *before, const struct granite_counters *after)
{
#define COUNTER(name, text) printf("%12" PRIu64 "  %-21s %s\n", after->name - before->name, #name, text);
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
}

/* Starts the command and waits for it. Returns its status as a shell would. */
static int run(char **argv)
{
	pid_t pid = fork();
	if (pid == 0) {
		execve(argv[0], argv, environ);
		fprintf(stderr, "stats: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("stats");
		exit(1);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	usage_check(argc, argv, 0, INT_MAX - 1, "stats [COMMAND ARGUMENT ...]", HELP);
	struct granite_counters before = {0}, after;
	int status = 0;
	if (argc > 1) {
		get_counters(&before);
		status = run(argv + 1);
	}
	get_counters(&after);
	print_difference(&before, &after);
	return status;
}
