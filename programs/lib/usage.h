/* SPDX-License-Identifier: MIT */
/*
 * What a program tells of itself, and how every program of ours treats --help and a wrong call. The line
 * `#define ABOUT "..."` of its first source file is what `help` at the prompt says of it (see the Makefile).
 */
#ifndef PROGRAMS_LIB_USAGE_H
#define PROGRAMS_LIB_USAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE_STATUS 2 /* the exit status after a wrong call */

struct usage {
	const char *name;
	const char *arguments; /* "[-l] PROCESS" */
	const char *about;     /* one line, without a full stop: "shows ..." */
	const char *details;   /* lines, to be broken where they are too long; null: no more is to be said */
};

/* Prints what --help does. */
void usage_print(const struct usage *usage);

/* Answers --help, if that is the first argument. */
void usage_help(const struct usage *usage, int argc, char **argv);

/* As usage_help; and ends a program that has not between `least` and `most` arguments, or any options. */
void usage_check(const struct usage *usage, int argc, char **argv, int least, int most);

/*
 * As getopt(3), which it calls; after usage_help. An option that there is not, or whose argument is missing,
 * is told and ends the program.
 */
int usage_option(const struct usage *usage, int argc, char **argv, const char *options);

/* Says what is wrong, and how the program is called; ends it. */
_Noreturn void usage_fail(const struct usage *usage, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* For the argument `text` of the program, or of `option` if that is not 0, which is not what it should be. */
_Noreturn void usage_wrong(const struct usage *usage, int option, const char *text, const char *wanted);

#endif
