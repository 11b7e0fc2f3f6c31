/* SPDX-License-Identifier: MIT */
/* Shows services, starts them, ends them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <granite/rs.h>
#include <granite/sys.h>

#include "../lib/terminal.h"
#include "../lib/usage.h"
#include "service.h"

#define ABOUT "shows the system's services, starts and ends them"

static const struct usage usage = {
        "service", "[status [LABEL] | up LABEL | down [-f] LABEL | restart LABEL]", ABOUT,
        "  status   what each service is doing and for how long, how often it was started again, and how it "
        "ended last\n"
        "  up       starts it, if it does not run\n"
        "  down     ends it: by SIGTERM, after 2 s by SIGKILL; it is not started again, and loses what it "
        "kept. -f: "
        "also the driver of this terminal and its shell, without which nothing can be typed any more\n"
        "  restart  ends it and starts it\n"
        "Services, their programs and rights, and when they are started again, are told in "
        "/etc/manifest. Who may start and end them has the privilege `control`, as the shell at the "
        "prompt and what is started there."};

#define OTHER_COLUMNS 60 /* of a line without the last column */

static uint64_t now(void)
{
	uint64_t uptime = 0;
	int result = sys_clock(&uptime, NULL);

	return result == OK ? uptime : 0;
}

/* ---- status ---- */

/* The line of titles too is made here, so that all columns stand one below the other. */
static void print_columns(const char *label, const char *state, const char *pid, const char *since,
                          const char *restarts, const char *last)
{
	int room = terminal_room(OTHER_COLUMNS);

	printf("%-15.15s %-18s %5s %8s %8s  %.*s\n", label, state, pid, since, restarts, room, last);
}

static void print_line(const struct rs_status_rep *status, uint64_t time)
{
	char state[SHOW_MAX], since[SHOW_MAX], end[SHOW_MAX], pid[12] = "-", restarts[12];

	if (status->pid)
		snprintf(pid, sizeof(pid), "%d", status->pid);
	snprintf(restarts, sizeof(restarts), "%u", (unsigned)status->restarts);
	print_columns(status->label, show_state(state, status, time), pid, show_since(since, status, time),
	              restarts, show_end(end, status->end));
	if (status->problem != RS_NO_PROBLEM)
		printf("%-15s %s\n", "", show_problem(end, status->problem, status->error));
}

/* All, or with a label that one. Returns the exit status. */
static int list(const char *label)
{
	struct rs_status_rep status;
	uint64_t time = now();
	int found = 0, result;

	for (uint32_t index = 0; (result = rs_status(index, &status)) == OK; index++) {
		if (label && strcmp(label, status.label) != 0)
			continue;
		if (!found++)
			print_columns("LABEL", "STATE", "PID", "SINCE", "RESTARTS", "LAST END");
		print_line(&status, time);
	}
	if (found || (!label && result == -ENOENT))
		return 0;
	fprintf(stderr, "service: %s: %s\n", label ? label : "status",
	        result == -ENOENT ? "there is no such service; `service` lists them" : strerror(-result));
	return 1;
}

/* ---- up, down, restart ---- */

static const struct verb {
	const char *name;
	enum show_verb verb;
	int (*act)(const char *label, struct rs_outcome *outcome);
} verbs[] = {{"up", SHOW_UP, rs_up}, {"down", SHOW_DOWN, rs_down}, {"restart", SHOW_RESTART, rs_restart}};

static pid_t pid_of(const char *label)
{
	struct rs_status_rep status;

	for (uint32_t index = 0; rs_status(index, &status) == OK; index++)
		if (strcmp(label, status.label) == 0)
			return status.pid;
	return 0;
}

/*
 * What of all that is typed depends on the service; null: nothing. There is one terminal, the console's, also
 * for whoever has no descriptor that leads to it.
 */
static const char *needed_here(const char *label)
{
	if (strcmp(label, "console") == 0)
		return "it drives this terminal";
	return pid_of(label) == getsid(0) ? "it is the shell of this terminal" : NULL;
}

static void check_down(const char *label)
{
	const char *what = needed_here(label);

	if (!what)
		return;
	fprintf(stderr,
	        "service: %s: %s: without it nobody could type `service up %s`; `service down -f %s` does it "
	        "all the same\n",
	        label, what, label, label);
	exit(1);
}

/* Returns the exit status. */
static int control(const struct verb *verb, const char *label)
{
	char text[2 * SHOW_MAX];
	struct rs_outcome outcome;
	int result = verb->act(label, &outcome);

	if (result == OK) {
		printf("%s %s\n", label, show_done(text, verb->verb, &outcome));
		return 0;
	}
	fprintf(stderr, "service: %s: %s\n", label, show_failure(text, result, &outcome));
	return 1;
}

int main(int argc, char **argv)
{
	int forced = argc > 2 && strcmp(argv[1], "down") == 0 && strcmp(argv[2], "-f") == 0;

	usage_check(&usage, argc, argv, 0, 2 + forced);
	if (argc == 1)
		return list(NULL);
	if (strcmp(argv[1], "status") == 0)
		return list(argv[2]);
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if (argc == 2 + forced)
			usage_fail(&usage, "which service? `service` lists them");
		if (verbs[i].verb == SHOW_DOWN && !forced)
			check_down(argv[2]);
		return control(&verbs[i], argv[2 + forced]);
	}
	usage_wrong(&usage, 0, argv[1], "status, up, down or restart");
}
