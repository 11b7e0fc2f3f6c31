/* SPDX-License-Identifier: MIT */
/* What start.c and jobs.c know of jobs. */
#ifndef SH_JOBS_H
#define SH_JOBS_H

#include <sys/types.h>

#include "sh.h"

#define JOB_TITLE 32

struct job_process {
	pid_t pid; /* 0: it has ended */
	char name[JOB_TITLE];
};

/* A pipeline: its programs, in order, at least one. */
struct job {
	pid_t group; /* with job control the process group */
	int count;
	int status; /* as shells have it: of the last process, once that has ended */
	struct job_process processes[PARSE_COMMANDS_MAX];
};

/* Whether a person types. */
int job_has_control(void);

/* Makes the group the one that the terminal's keys are for. */
void job_give_terminal(pid_t group);

/* Puts the job on the list of those that are not waited for. */
void job_add(const struct job *job);

/* Waits until all its programs have ended, or one is stopped. Returns as jobs_run. */
int job_wait(struct job *job);

/* A child of the shell that is to carry out a command itself can't wait for jobs; it may list them. */
void job_give_up_control(void);

#endif
