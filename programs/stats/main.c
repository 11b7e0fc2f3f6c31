/* SPDX-License-Identifier: MIT */
/* Shows what the kernel has done: since boot, or while a command ran. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/sys.h>

#include "../lib/format.h"
#include "../lib/usage.h"
#include "report.h"

#define ABOUT "shows what the kernel has done, or what a command cost it"

static const struct usage usage = {
        "stats", "[-ar] [COMMAND ARGUMENT ...]", ABOUT,
        "Without a command all since the start counts. With one, it is started, and what was "
        "done until it ended counts: its start too, and what others did meanwhile. So do it "
        "twice.\n"
        "  -a  shows what did not happen too\n"
        "  -r  shows a bare list of names and numbers, for programs"};

static void get_counters(struct granite_counters *counters)
{
	int result = sys_getinfo(GET_COUNTERS, counters, sizeof(*counters), 0);
	if (result == (int)sizeof(*counters))
		return;
	fprintf(stderr, "stats: no counters: %s\n", strerror(result < 0 ? -result : EIO));
	exit(1);
}

static uint64_t now(void)
{
	uint64_t uptime;
	return sys_clock(&uptime, NULL) == OK ? uptime : 0;
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

static void print_title(const char *command, uint64_t nsecs)
{
	char text[FORMAT_MAX];
	if (command)
		printf("`%s` took %s ms. Meanwhile:\n", command, format_count(text, nsecs / 1000000));
	else
		printf("Since boot, %s ago:\n", format_time(text, nsecs));
}

int main(int argc, char **argv)
{
	struct granite_counters before = {0}, after, moved;
	uint64_t start = 0;
	int option, raw = 0, status = 0;
	enum report_flag flags = 0;
	while ((option = usage_option(&usage, argc, argv, "+ar")) != -1) {
		raw |= option == 'r';
		flags |= option == 'a' ? REPORT_ALL : 0;
	}
	if (argv[optind]) {
		start = now();
		get_counters(&before);
		status = run(argv + optind);
	}
	get_counters(&after);
	uint64_t nsecs = now() - start;
	moved = report_difference(&before, &after);
	if (raw) {
		report_print_raw(stdout, &moved);
		return status;
	}
	print_title(argv[optind], nsecs);
	report_print(stdout, &moved, nsecs, flags);
	return status;
}
