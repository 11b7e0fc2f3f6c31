/* SPDX-License-Identifier: MIT */
/* Records what the kernel does, while a command runs or for a while, and prints it. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <granite/pm.h>
#include <granite/sys.h>

#include "../lib/number.h"
#include "../lib/terminal.h"
#include "../lib/usage.h"
#include "../lib/wrap.h"
#include "trace.h"

#define ABOUT "shows what the kernel does, step by step"

static const struct usage usage = {
        "trace", "[-k KIND,...] [-p PROCESS]... [-s SECONDS] [COMMAND ARGUMENT ...]", ABOUT,
        "It records until the command has ended, the seconds are over or Ctrl-C is typed, and then prints "
        "all but its own doings.\n"
        "  -p  only what concerns this process, by name, pid or endpoint; see `ps -l`\n"
        "  -s  the recording ends after so many seconds, which may have a fraction\n"
        "  -k  only these kinds, or `all`; without it all but sched and irq:"};

#define KINDS_DEFAULT (TRACE_ALL & ~(TRACE_SCHED | TRACE_IRQ))
#define SECONDS_MAX   1e6
#define POLL_NSECS    5000000
#define NOT_FOUND     127 /* as shells have it */

static struct selection selection = {.kinds = KINDS_DEFAULT};
static double seconds = -1; /* below 0: no limit */

static volatile sig_atomic_t interrupted;

/* ---- Arguments ---- */

static _Noreturn void print_help(void)
{
	usage_print(&usage);
#define KIND(bit, NAME, name, text)   \
	printf("      %-8s ", #name); \
	wrap_line(stdout, text, 15, 15, terminal_text_width());
	TRACE_KINDS(KIND)
#undef KIND
	exit(0);
}

static uint32_t kind_of(const char *name)
{
#define KIND(bit, NAME, name_, text)   \
	if (strcmp(name, #name_) == 0) \
		return TRACE_##NAME;
	TRACE_KINDS(KIND)
#undef KIND
	if (strcmp(name, "all") == 0)
		return TRACE_ALL;
	usage_fail(&usage, "there is no kind %s", name);
}

static uint32_t kinds_of(char *list)
{
	uint32_t kinds = 0;
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ","))
		kinds |= kind_of(name);
	return kinds;
}

/* A number is a pid if there is such a process, else an endpoint; anything else is a label. */
static void want_process(const char *text)
{
	long number;
	if (selection.nr_labels == WANTED_MAX || selection.nr_endpoints == WANTED_MAX)
		usage_fail(&usage, "more than %d processes", WANTED_MAX);
	if (number_parse(text, 0, INT_MAX, &number) != 0) {
		selection.labels[selection.nr_labels++] = text;
		return;
	}
	endpoint_t endpoint = number > 0 ? pm_endpoint((int)number) : -ESRCH;
	selection.endpoints[selection.nr_endpoints++] = endpoint < 0 ? (endpoint_t)number : endpoint;
}

static void parse_seconds(const char *text)
{
	if (seconds_parse(text, 0, SECONDS_MAX, &seconds) != 0)
		usage_wrong(&usage, 's', text, "a number of seconds");
}

/* Returns the index of the command, or argc. */
static int parse(int argc, char **argv)
{
	int option;
	uint32_t kinds = 0;
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		print_help();
	while ((option = usage_option(&usage, argc, argv, "+k:p:s:")) != -1) {
		if (option == 'k')
			kinds |= kinds_of(optarg);
		else if (option == 'p')
			want_process(optarg);
		else
			parse_seconds(optarg);
	}
	if (kinds)
		selection.kinds = kinds;
	return optind;
}

/* ---- Recording ---- */

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static double now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	if (pid == 0) {
		execve(argv[0], argv, environ);
		fprintf(stderr, "trace: %s: %s\n", argv[0], strerror(errno));
		_exit(NOT_FOUND);
	}
	if (pid < 0)
		perror("trace");
	return pid;
}

/* The command's status as a shell would tell it. */
static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* By an alarm of our own: a sleep would be PM's work, and seen in the trace. A signal ends it. */
static void wait_a_little(void)
{
	struct message m;
	int status;
	if (sys_setalarm(POLL_NSECS, 0, NULL) == OK)
		(void)!ipc_receive(CLOCK, &m, &status);
}

/* Fetches records until one of the ends. Returns 1 if the command has ended, and its status in *status. */
static int record(pid_t pid, int *status)
{
	double end = now() + seconds;
	while (!interrupted && (seconds < 0 || now() < end)) {
		int result = record_fetch();
		if (result != OK) {
			fprintf(stderr, "trace: the recording ends here: %s\n", strerror(-result));
			return 0;
		}
		if (pid > 0 && waitpid(pid, status, WNOHANG) == pid)
			return 1;
		wait_a_little();
	}
	return 0;
}

static void begin(void)
{
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
	selection.self = sys_self();
	(void)sigaction(SIGINT, &action, NULL);
	int result = record_begin(selection.kinds);
	if (result == OK)
		return;
	fprintf(stderr, "trace: %s\n", result == -EBUSY ? "another trace is being made" : strerror(-result));
	exit(1);
}

int main(int argc, char **argv)
{
	int command = parse(argc, argv), status = 0, ended = 0;
	pid_t pid = 0;
	begin();
	if (command < argc)
		pid = start(argv + command);
	if (pid >= 0)
		ended = record(pid, &status);
	const struct recording *recording = record_end();
	while (pid > 0 && !ended)
		ended = waitpid(pid, &status, 0) == pid || errno != EINTR;
	show(recording, &selection);
	return pid < 0 ? 1 : status_of(status);
}
