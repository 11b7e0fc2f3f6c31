/* SPDX-License-Identifier: MIT */
/* Sends a signal to processes. */
#include <limits.h>
#include <signal.h>

#include <granite/abi/pm.h>

#include "lib/number.h"
#include "lib/signals.h"
#include "lib/usage.h"

#define USAGE "kill [-SIGNAL] [--] PID ..."
#define HELP                                                                                 \
	"Sends the processes a signal, given by name or number; SIGTERM if none is given.\n" \
	"`ps` lists the processes. After `--` a PID below 0 is a process group, and -1 everybody."

/* Returns the signal, or ends the program. */
static int parse_signal(const char *text)
{
	long number = signal_number(text);
	if (number == 0 && number_parse(text, 0, PM_NSIG, &number) != 0) {
		fprintf(stderr, "kill: no such signal: %s\n", text);
		exit(USAGE_STATUS);
	}
	return (int)number;
}

/* Returns 0 or 1: the program's exit status. `least` is the least PID allowed. */
static int kill_one(const char *text, long least, int signal)
{
	long pid;
	if (number_parse(text, least, INT_MAX, &pid) != 0 || pid == 0) {
		fprintf(stderr, "kill: not a process number: %s\n", text);
		exit(USAGE_STATUS);
	}
	if (kill((pid_t)pid, signal) == 0)
		return 0;
	fprintf(stderr, "kill: %s: %s\n", text, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	usage_check(argc, argv, 1, INT_MAX - 1, USAGE, HELP);
	int signal = SIGTERM;
	long least = 1;
	int next = 1;
	if (argv[next][0] == '-' && strcmp(argv[next], "--") != 0)
		signal = parse_signal(argv[next++] + 1);
	if (next < argc && strcmp(argv[next], "--") == 0) {
		least = -INT_MAX;
		next++;
	}
	if (next == argc)
		usage_fail(USAGE);
	int status = 0;
	for (; next < argc; next++)
		status |= kill_one(argv[next], least, signal);
	return status;
}
