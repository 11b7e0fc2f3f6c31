/* SPDX-License-Identifier: MIT */
/* What the shell's files share. */
#ifndef SH_SH_H
#define SH_SH_H

#include "parse.h"

#define STATUS_NOT_FOUND 127 /* as shells have it: there is no such program */
#define STATUS_NOT_RUN   126 /* there is, but it can't be started */
#define STATUS_USAGE     2

/* As shells have it: a program was ended, or stopped, by a signal. */
#define STATUS_SIGNALLED(signal) (128 + (signal))

/* jobs.c: the programs started. */

/*
 * Begins job control if stdin is a terminal: takes the terminal for the shell, and remembers its modes.
 * Returns whether stdin is one. Without this call there is no job control.
 */
int jobs_init(void);

/*
 * Starts a pipeline of commands, the last of which is not piped, and waits for it unless it is for the
 * background. Returns the last one's exit status, or STATUS_*.
 */
int jobs_run(const struct command *commands);

/* Tells of the programs in the background that have ended. */
void jobs_report(void);

/* Lists them, oldest first. */
void jobs_list(void);

/* Lets the program stopped or put in the background last go on in the foreground. Returns as jobs_run. */
int jobs_resume(void);

/* builtins.c: what the shell does itself. */

/* Carries the command out if it is a builtin. Returns its exit status, or -1: it is none. */
int builtin_run(char **argv);

#endif
