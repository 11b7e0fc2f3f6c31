/* SPDX-License-Identifier: MIT */
/*
 * Starting programs and waiting for them. Under job control, that is when a person types, each gets a process
 * group of its own, and the one in the foreground gets the terminal, so that Ctrl-C reaches it and nobody
 * else. What the shell says about programs goes to stderr, for stdout is theirs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../lib/colours.h"
#include "../lib/signals.h"
#include "sh.h"

#define JOBS_MAX  32
#define JOB_TITLE 32

/* Who was killed may have left the cursor hidden, and colours. */
#define PLAIN_SCREEN "\033[?25h" COLOUR_END

/* The programs that the shell has started and does not wait for now, oldest first. */
static struct job {
	pid_t pid;
	char name[JOB_TITLE];
} jobs[JOBS_MAX];
static int nr_jobs;

static int job_control;      /* 1: a person types */
static struct termios modes; /* of the terminal when the shell started; with job control only */

int jobs_init(void)
{
	job_control = tcgetattr(STDIN_FILENO, &modes) == 0;
	if (job_control) {
		(void)setpgid(0, 0);
		(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	}
	return job_control;
}

/* ---- The list ---- */

static void job_add(pid_t pid, const char *name)
{
	if (nr_jobs == JOBS_MAX) {
		fprintf(stderr, "sh: too many jobs: `fg` will not find %s, pid %d\n", name, (int)pid);
		return;
	}
	jobs[nr_jobs].pid = pid;
	snprintf(jobs[nr_jobs].name, JOB_TITLE, "%s", name);
	nr_jobs++;
}

/* Takes the job off the list. Returns its name. */
static const char *job_remove(pid_t pid)
{
	static char name[JOB_TITLE];

	strcpy(name, "a program");
	for (int i = 0; i < nr_jobs; i++) {
		if (jobs[i].pid != pid)
			continue;
		strcpy(name, jobs[i].name);
		memmove(&jobs[i], &jobs[i + 1], (--nr_jobs - i) * sizeof(jobs[0]));
		break;
	}
	return name;
}

/* ---- Waiting ---- */

/*
 * Tells how a program has ended, if that is worth telling. After the keys Ctrl-C and Ctrl-\
 * the terminal shows ^C or ^\, and needs a new line. Whoever typed Ctrl-C knows what
 * happened; a script knows the exit status.
 */
static void tell_end(const char *name, int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (job_control && (signal == SIGINT || signal == SIGQUIT))
		fputc('\n', stderr);
	if (signal && signal != SIGINT)
		fprintf(stderr, "%s: killed by %s\n", name, signal_name(signal));
	if (job_control && code && code != STATUS_NOT_FOUND && code != STATUS_NOT_RUN)
		fprintf(stderr, "%s: exit status %d\n", name, code);
}

static void give_terminal(pid_t group)
{
	if (job_control)
		(void)tcsetpgrp(STDIN_FILENO, group);
}

/* Back to the shell, with the modes that a program may have left changed. */
static void take_terminal(void)
{
	give_terminal(getpgrp());
	if (job_control)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

static int wait_for(pid_t pid, const char *name)
{
	int status = 0;

	while (waitpid(pid, &status, job_control ? WUNTRACED : 0) < 0 && errno == EINTR)
		;
	take_terminal();
	if (WIFSIGNALED(status) && job_control && colours_wanted())
		fputs(PLAIN_SCREEN, stderr);
	if (WIFSTOPPED(status)) {
		job_add(pid, name);
		fprintf(stderr, "\n%s: stopped; `fg` lets it go on, `kill -KILL %d` ends it\n", name,
		        (int)pid);
		return STATUS_SIGNALLED(WSTOPSIG(status));
	}
	tell_end(name, status);
	return WIFSIGNALED(status) ? STATUS_SIGNALLED(WTERMSIG(status)) : WEXITSTATUS(status);
}

void jobs_report(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		const char *name = job_remove(pid);
		if (job_control && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			fprintf(stderr, "%s: done\n", name);
		tell_end(name, status);
	}
}

void jobs_list(void)
{
	if (nr_jobs == 0)
		puts("Nothing is stopped or in the background.");
	for (int i = 0; i < nr_jobs; i++)
		printf("%5d %s%s\n", (int)jobs[i].pid, jobs[i].name,
		       i == nr_jobs - 1 ? "   (`fg` lets this one go on)" : "");
}

int jobs_resume(void)
{
	if (!job_control) {
		fprintf(stderr, "fg: only where commands are typed\n");
		return 1;
	}
	if (nr_jobs == 0) {
		fprintf(stderr, "fg: nothing is stopped or in the background\n");
		return 1;
	}
	pid_t pid = jobs[nr_jobs - 1].pid;
	const char *name = job_remove(pid);
	fprintf(stderr, "%s\n", name);
	give_terminal(pid);
	(void)kill(-pid, SIGCONT);
	return wait_for(pid, name);
}

/* ---- Starting ---- */

static void set_signals(void (*keys)(int), void (*stop)(int))
{
	(void)signal(SIGINT, keys);
	(void)signal(SIGQUIT, keys);
	(void)signal(SIGTSTP, stop);
}

/*
 * Gives a program a group of its own, and the terminal if it is to have it. Shell and child both do this, for
 * nobody knows which of them runs first; the second attempt changes nothing.
 */
static void set_group(pid_t pid, int background)
{
	if (!job_control)
		return;
	(void)setpgid(pid, pid);
	if (!background)
		give_terminal(pid);
}

/*
 * The child, until it becomes the program. Without job control a program in the background has no group of
 * its own, so it ignores the keys (POSIX 2017, Shell Command Language, 2.11).
 */
static _Noreturn void become(char **argv, int background)
{
	set_group(getpid(), background);
	if (job_control)
		set_signals(SIG_DFL, SIG_DFL);
	else if (background)
		set_signals(SIG_IGN, SIG_DFL);
	execve(argv[0], argv, environ);
	if (errno != ENOENT) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(STATUS_NOT_RUN);
	}
	fprintf(stderr, "%s: no such program; `help` lists those there are\n", argv[0]);
	_exit(STATUS_NOT_FOUND);
}

int jobs_run(char **argv, int background)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0) {
		fprintf(stderr, "sh: can't start %s: %s\n", argv[0], strerror(errno));
		return STATUS_NOT_RUN;
	}
	if (pid == 0)
		become(argv, background);
	set_group(pid, background);
	if (!background)
		return wait_for(pid, argv[0]);
	job_add(pid, argv[0]);
	if (job_control)
		fprintf(stderr, "%s: in the background, pid %d\n", argv[0], (int)pid);
	return 0;
}
