/* SPDX-License-Identifier: MIT */
/*
 * Jobs: pipelines of programs, most of them of one program, and waiting for them. Under job control, that is
 * when a person types, each gets a process group of its own, and the one in the foreground gets the terminal,
 * so that Ctrl-C reaches it and nobody else. What the shell says about programs goes to stderr, for stdout is
 * theirs.
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
#include "jobs.h"

#define JOBS_MAX 32

/* Who was killed may have left the cursor hidden, and colours. */
#define PLAIN_SCREEN "\033[?25h" COLOUR_END

/* The jobs that the shell has started and does not wait for now, oldest first. */
static struct job jobs[JOBS_MAX];
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

int job_has_control(void)
{
	return job_control;
}

void job_give_terminal(pid_t group)
{
	if (job_control)
		(void)tcsetpgrp(STDIN_FILENO, group);
}

/* Back to the shell, with the modes that a program may have left changed. */
static void take_terminal(void)
{
	job_give_terminal(getpgrp());
	if (job_control)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

/* ---- Ends ---- */

/*
 * Tells how a program has ended, if that is worth telling. After the keys Ctrl-C and Ctrl-\
 * the terminal shows ^C or ^\, and needs a new line. Whoever typed Ctrl-C knows what
 * happened; a script knows the exit status. In a pipeline the last program's status counts, and SIGPIPE is
 * how those before it end when it has had enough.
 */
static void tell_end(const char *name, int status, int is_last)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (job_control && is_last && (signal == SIGINT || signal == SIGQUIT))
		fputc('\n', stderr);
	if (signal && signal != SIGINT && (is_last || signal != SIGPIPE))
		fprintf(stderr, "%s: killed by %s\n", name, signal_name(signal));
	if (job_control && is_last && code && code != STATUS_NOT_FOUND && code != STATUS_NOT_RUN)
		fprintf(stderr, "%s: exit status %d\n", name, code);
}

static int is_last(const struct job *job, const struct job_process *process)
{
	return process == &job->processes[job->count - 1];
}

static void note_end(struct job *job, struct job_process *process, int status)
{
	process->pid = 0;
	tell_end(process->name, status, is_last(job, process));
	if (is_last(job, process))
		job->status = WIFSIGNALED(status) ? STATUS_SIGNALLED(WTERMSIG(status)) : WEXITSTATUS(status);
}

/* The first process that has not ended, or null. */
static struct job_process *first_alive(struct job *job)
{
	for (int i = 0; i < job->count; i++)
		if (job->processes[i].pid)
			return &job->processes[i];
	return NULL;
}

/* ---- The list ---- */

void job_add(const struct job *job)
{
	const struct job_process *last = &job->processes[job->count - 1];

	if (nr_jobs == JOBS_MAX)
		fprintf(stderr, "sh: too many jobs: `fg` will not find %s, pid %d\n", last->name,
		        (int)last->pid);
	else
		jobs[nr_jobs++] = *job;
}

static void job_remove(struct job *job)
{
	memmove(job, job + 1, (size_t)(&jobs[nr_jobs] - (job + 1)) * sizeof(*job));
	nr_jobs--;
}

/* A child has ended that nobody waits for; one that no job has was too many. */
static void reaped(pid_t pid, int status)
{
	for (struct job *job = jobs; job < jobs + nr_jobs; job++) {
		for (int i = 0; i < job->count; i++) {
			struct job_process *process = &job->processes[i];

			if (process->pid != pid)
				continue;
			if (job_control && is_last(job, process) && WIFEXITED(status) &&
			    WEXITSTATUS(status) == 0)
				fprintf(stderr, "%s: done\n", process->name);
			note_end(job, process, status);
			if (!first_alive(job))
				job_remove(job);
			return;
		}
	}
	tell_end("a program", status, 1);
}

void jobs_report(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped(pid, status);
}

/* ---- Waiting ---- */

static int stopped(struct job *job, const struct job_process *process, int signal)
{
	fprintf(stderr, "\n%s: stopped; `fg` lets it go on, `kill -KILL %d` ends it\n", process->name,
	        (int)process->pid);
	job_add(job);
	return STATUS_SIGNALLED(signal);
}

/* The last program has ended: those before it may be busy still, but the terminal is the shell's again. */
static void restore_terminal(int status)
{
	take_terminal();
	if (WIFSIGNALED(status) && job_control && colours_wanted())
		fputs(PLAIN_SCREEN, stderr);
}

int job_wait(struct job *job)
{
	struct job_process *process;
	int status = 0;

	while ((process = first_alive(job))) {
		while (waitpid(process->pid, &status, job_control ? WUNTRACED : 0) < 0 && errno == EINTR)
			;
		if (WIFSTOPPED(status))
			break;
		if (is_last(job, process))
			restore_terminal(status);
		note_end(job, process, status);
	}
	take_terminal();
	return process ? stopped(job, process, WSTOPSIG(status)) : job->status;
}

/* What a job is called, and the process to be told of: the last that has not ended. */
static void list_job(const struct job *job)
{
	pid_t pid = 0;

	for (int i = 0; i < job->count; i++)
		pid = job->processes[i].pid ? job->processes[i].pid : pid;
	printf("%5d", (int)pid);
	for (int i = 0; i < job->count; i++)
		printf("%s %s", i ? " |" : "", job->processes[i].name);
}

void jobs_list(void)
{
	if (nr_jobs == 0)
		puts("Nothing is stopped or in the background.");
	for (int i = 0; i < nr_jobs; i++) {
		list_job(&jobs[i]);
		puts(i == nr_jobs - 1 ? "   (`fg` lets this one go on)" : "");
	}
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
	struct job job = jobs[--nr_jobs];
	fprintf(stderr, "%s\n", job.processes[job.count - 1].name);
	job_give_terminal(job.group);
	(void)kill(-job.group, SIGCONT);
	return job_wait(&job);
}

void job_give_up_control(void)
{
	job_control = 0;
}
