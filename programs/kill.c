/* SPDX-License-Identifier: MIT */
/* Sends a signal to processes. */
#include <ctype.h>
#include <limits.h>
#include <signal.h>

#include <granite/abi/pm.h>

#include "lib/number.h"
#include "lib/processes.h"
#include "lib/signals.h"
#include "lib/usage.h"

#define ABOUT "sends processes a signal"

static const struct usage usage = {
        "kill", "[-SIGNAL] [--] PROCESS ...", ABOUT,
        "SIGNAL is a name or a number (-KILL, -9); without it SIGTERM is sent, which asks a "
        "process to end. A PROCESS is a number or a name as `ps` shows it, if only one has that "
        "name. After `--` a number below 0 is a process group, and -1 everybody."};

/* Returns the signal, or ends the program. */
static int parse_signal(const char *text)
{
	long number = signal_number(text);
	if (number == 0 && number_parse(text, 0, PM_NSIG, &number) != 0)
		usage_fail(&usage, "there is no signal %s; `kill -TERM` is what ends most", text);
	return (int)number;
}

/* The number of the process that has this name, or 0, and why has been told. */
static long pid_of_name(const char *name)
{
	struct processes all;
	processes_take(&all);
	const struct process *process = processes_named(&all, name, "kill");
	long pid = process ? process->pm.pid : 0;
	if (process && pid == 0)
		fprintf(stderr, "kill: %s is a part of the system that gets no signals\n", name);
	processes_free(&all);
	return pid;
}

/* `least` is the least number allowed. Returns 0 as pid_of_name. */
static long parse_process(const char *text, long least)
{
	long pid;
	if (text[0] != '-' && !isdigit((unsigned char)text[0]))
		return pid_of_name(text);
	if (number_parse(text, least, INT_MAX, &pid) == 0 && pid != 0)
		return pid;
	fprintf(stderr, "kill: not a process number: %s\n", text);
	exit(USAGE_STATUS);
}

/* Returns 0 or 1: the program's exit status. */
static int kill_one(const char *text, long least, int signal)
{
	long pid = parse_process(text, least);
	if (pid == 0)
		return 1;
	if (kill((pid_t)pid, signal) == 0)
		return 0;
	fprintf(stderr, "kill: %s: %s\n", text, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	usage_help(&usage, argc, argv);
	if (argc < 2)
		usage_fail(&usage, "which process? `ps` lists them");
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
		usage_fail(&usage, "which process? `ps` lists them");
	int status = 0;
	for (; next < argc; next++)
		status |= kill_one(argv[next], least, signal);
	return status;
}
