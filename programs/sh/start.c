/* SPDX-License-Identifier: MIT */
/* Starting pipelines. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jobs.h"

/* Where a program's input and output are; the standard ones unless there is a pipe. They close on exec. */
struct ends {
	int in, out;
};

static void set_signals(void (*keys)(int), void (*stop)(int))
{
	(void)signal(SIGINT, keys);
	(void)signal(SIGQUIT, keys);
	(void)signal(SIGTSTP, stop);
}

/*
 * Puts a program into its job's group, and gives that the terminal if it is to have it. Shell and child both
 * do this, for nobody knows which of them runs first; the second attempt changes nothing.
 */
static void set_group(pid_t pid, pid_t group, int background)
{
	if (!job_has_control())
		return;
	(void)setpgid(pid, group);
	if (!background)
		job_give_terminal(group);
}

static int open_input(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	fprintf(stderr, "sh: %s: %s\n", name, strerror(errno));
	_exit(1);
}

static void connect(struct ends ends, const char *input)
{
	if (input)
		ends.in = open_input(input);
	if (ends.in != STDIN_FILENO)
		(void)dup2(ends.in, STDIN_FILENO);
	if (ends.out != STDOUT_FILENO)
		(void)dup2(ends.out, STDOUT_FILENO);
}

static _Noreturn void become_program(char **argv)
{
	execve(argv[0], argv, environ);
	if (errno != ENOENT) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(STATUS_NOT_RUN);
	}
	fprintf(stderr, "%s: no such program; `help` lists those there are\n", argv[0]);
	_exit(STATUS_NOT_FOUND);
}

/*
 * The child, until it becomes the program. Without job control a program in the background has no group of
 * its own, so it ignores the keys (POSIX 2017, Shell Command Language, 2.11).
 */
static _Noreturn void become(const struct command *command, pid_t group, struct ends ends, int background)
{
	set_group(getpid(), group ? group : getpid(), background);
	if (job_has_control())
		set_signals(SIG_DFL, SIG_DFL);
	else if (background)
		set_signals(SIG_IGN, SIG_DFL);
	connect(ends, command->input);
	job_give_up_control();
	int status = builtin_run(command->argv);
	if (status < 0)
		become_program(command->argv);
	exit(status);
}

static void close_end(int fd, int standard)
{
	if (fd != standard)
		(void)close(fd);
}

/* Starts one program, and adds it to the job. 0, or an errno. */
static int start_one(struct job *job, const struct command *command, struct ends ends, int background)
{
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (pid == 0)
		become(command, job->group, ends, background);
	if (!job->group)
		job->group = pid;
	set_group(pid, job->group, background);
	struct job_process *process = &job->processes[job->count++];
	process->pid = pid;
	snprintf(process->name, sizeof(process->name), "%s", command->argv[0]);
	return 0;
}

static int in_background(const struct command *commands)
{
	while (commands->piped)
		commands++;
	return commands->background;
}

/* Starts all of them. 0, or an errno: those before it run. */
static int start_all(struct job *job, const struct command *commands)
{
	int background = in_background(commands), error = 0, in = STDIN_FILENO;

	for (int i = 0; !error; i++) {
		int next[2] = {STDIN_FILENO, STDOUT_FILENO};

		if (commands[i].piped && pipe2(next, O_CLOEXEC) != 0)
			error = errno;
		if (!error)
			error = start_one(job, &commands[i], (struct ends){in, next[1]}, background);
		close_end(in, STDIN_FILENO);
		close_end(next[1], STDOUT_FILENO);
		in = next[0];
		if (!commands[i].piped)
			break;
		if (error)
			close_end(in, STDIN_FILENO);
	}
	return error;
}

int jobs_run(const struct command *commands)
{
	struct job job = {0};
	int error;

	fflush(stdout);
	error = start_all(&job, commands);
	if (error)
		fprintf(stderr, "sh: can't start %s: %s\n", commands[job.count].argv[0], strerror(error));
	if (job.count == 0)
		return STATUS_NOT_RUN;
	if (!in_background(commands)) {
		int status = job_wait(&job);
		return error ? STATUS_NOT_RUN : status;
	}
	job_add(&job);
	if (job_has_control())
		fprintf(stderr, "%s: in the background, pid %d\n", job.processes[job.count - 1].name,
		        (int)job.processes[job.count - 1].pid);
	return 0;
}
