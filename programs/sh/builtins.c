/* SPDX-License-Identifier: MIT */
/* The commands that the shell carries out itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <granite/pm.h>

#include "../lib/number.h"
#include "../lib/terminal.h"
#include "../lib/usage.h"
#include "../lib/wrap.h"
#include "abouts.h"
#include "sh.h"

#define NAME_WIDTH 10
#define OTHERS_MAX 1024
#define PROGRAMS   "bin/"
#define EXIT_MAX   255

struct builtin {
	struct usage usage;
	int (*run)(const struct usage *usage, int argc, char **argv);
};

static int builtin_exit(const struct usage *usage, int argc, char **argv);
static int builtin_fg(const struct usage *usage, int argc, char **argv);
static int builtin_help(const struct usage *usage, int argc, char **argv);
static int builtin_jobs(const struct usage *usage, int argc, char **argv);

static const struct builtin builtins[] = {
        {{"exit", "[STATUS]", "leaves the shell", "STATUS is 0 to 255, and 0 if not given."}, builtin_exit},
        {{"fg", "", "lets a program go on that was stopped or is in the background",
          "It is the last one of those that `jobs` shows, and gets the terminal."},
         builtin_fg},
        {{"help", "[NAME]", "lists what there is, or tells of NAME", NULL}, builtin_help},
        {{"jobs", "", "lists the programs that are stopped or in the background", NULL}, builtin_jobs},
};
#define NR_BUILTINS (sizeof(builtins) / sizeof(builtins[0]))

/* ---- help ---- */

static void print_about(const char *name, const char *about)
{
	int column = printf("  %-*s ", NAME_WIDTH, name);

	wrap_line(stdout, about, column, column, terminal_text_width());
}

static const char *about_of(const char *name)
{
	for (const struct about *about = abouts; about->name; about++)
		if (strcmp(about->name, name) == 0)
			return about->about;
	return NULL;
}

/* The name at the prompt of the archive's entry `index`, or NULL: it is no program. *more is 0 at the end. */
static const char *program_name(uint32_t index, struct pm_program_rep *program, int *more)
{
	*more = pm_program(index, program) == OK;
	if (!*more || !program->executable || strncmp(program->name, PROGRAMS, strlen(PROGRAMS)) != 0)
		return NULL;
	return program->name + strlen(PROGRAMS);
}

static void list_programs(void)
{
	struct pm_program_rep program;
	int more = 1;

	puts("Programs; each explains itself with --help:");
	for (uint32_t index = 0; more; index++) {
		const char *name = program_name(index, &program, &more);
		if (name && about_of(name))
			print_about(name, about_of(name));
	}
}

/* The system's servers, and whatever else was put into the archive. */
static void list_others(void)
{
	struct pm_program_rep program;
	char text[OTHERS_MAX] = "In the archive besides:";
	size_t used = strlen(text), none = used;
	int more = 1;

	for (uint32_t index = 0; more; index++) {
		const char *name = program_name(index, &program, &more);
		if (name && !about_of(name) && used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, " %s", name);
	}
	if (used > none)
		wrap_line(stdout, text, 0, 0, terminal_text_width());
}

static int list_all(void)
{
	list_programs();
	puts("The shell itself knows:");
	for (size_t i = 0; i < NR_BUILTINS; i++)
		print_about(builtins[i].usage.name, builtins[i].usage.about);
	list_others();
	wrap_text(stdout,
	          "`a; b` does one after the other, `a &` leaves a in the background. `a | b` makes a's "
	          "output b's input, and `a < FILE` reads a file; `ls /` shows which there are.\n"
	          "Ctrl-C ends what runs, Ctrl-Z stops it. `help sh` tells more.",
	          0, terminal_text_width());
	return 0;
}

static int help_on(char *name)
{
	static char help[] = "--help";
	char *words[] = {name, help, NULL};
	const struct command call = {.argv = words};
	int status = builtin_run(words);

	return status >= 0 ? status : jobs_run(&call);
}

static int builtin_help(const struct usage *usage, int argc, char **argv)
{
	(void)usage;
	return argc > 1 ? help_on(argv[1]) : list_all();
}

/* ---- The others ---- */

static int wrong_call(const struct usage *usage, const char *text)
{
	fprintf(stderr, "%s: %s\n`%s --help` explains it.\n", usage->name, text, usage->name);
	return STATUS_USAGE;
}

static int builtin_exit(const struct usage *usage, int argc, char **argv)
{
	long status = 0;

	if (argc > 1 && number_parse(argv[1], 0, EXIT_MAX, &status) != 0)
		return wrong_call(usage, "the status is a number from 0 to 255");
	exit((int)status);
}

static int builtin_fg(const struct usage *usage, int argc, char **argv)
{
	(void)usage;
	(void)argc;
	(void)argv;
	return jobs_resume();
}

static int builtin_jobs(const struct usage *usage, int argc, char **argv)
{
	(void)usage;
	(void)argc;
	(void)argv;
	jobs_list();
	return 0;
}

static const struct builtin *find(const char *name)
{
	for (size_t i = 0; i < NR_BUILTINS; i++)
		if (strcmp(name, builtins[i].usage.name) == 0)
			return &builtins[i];
	return NULL;
}

int builtin_run(char **argv)
{
	const struct builtin *builtin = find(argv[0]);
	int argc = 0;

	if (!builtin)
		return -1;
	while (argv[argc])
		argc++;
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage_print(&builtin->usage);
		return 0;
	}
	if (argc > 2 || (argc > 1 && !*builtin->usage.arguments))
		return wrong_call(&builtin->usage, "that is too much behind it");
	return builtin->run(&builtin->usage, argc, argv);
}
