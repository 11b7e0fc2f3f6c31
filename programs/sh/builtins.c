/* SPDX-License-Identifier: MIT */
/* The commands that the shell carries out itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <granite/pm.h>

#include "../lib/number.h"
#include "sh.h"

#define COLUMNS  4
#define COLUMN   18
#define PROGRAMS "bin/"
#define EXIT_MAX 255

struct builtin {
	const char *name, *help;
	int (*run)(char **argv);
};

static int builtin_help(char **argv);
static int builtin_exit(char **argv);
static int builtin_fg(char **argv);

static const struct builtin builtins[] = {
        {"help", "lists what there is to be started", builtin_help},
        {"exit", "leaves the shell: exit [STATUS]", builtin_exit},
        {"fg", "lets the program stopped or in the background last go on here", builtin_fg},
};
#define NR_BUILTINS (sizeof(builtins) / sizeof(builtins[0]))

/* The archive's programs, in columns. */
static void list_programs(void)
{
	struct pm_program_rep program;
	int column = 0;

	for (uint32_t index = 0; pm_program(index, &program) == OK; index++) {
		if (!program.executable || strncmp(program.name, PROGRAMS, strlen(PROGRAMS)) != 0)
			continue;
		printf("%-*s%s", COLUMN, program.name + strlen(PROGRAMS),
		       ++column % COLUMNS == 0 ? "\n" : "");
	}
	printf("%s", column % COLUMNS == 0 ? "" : "\n");
}

static int builtin_help(char **argv)
{
	(void)argv;
	puts("The shell itself knows:");
	for (size_t i = 0; i < NR_BUILTINS; i++)
		printf("  %-6s %s\n", builtins[i].name, builtins[i].help);
	puts("Programs, most of which explain themselves when called with --help:");
	list_programs();
	puts("'...' and \"...\" and \\ quote; `;` separates commands, `&` starts one in the background.\n"
	     "Ctrl-C ends what runs, Ctrl-Z stops it, and `poweroff` switches the machine off.");
	return 0;
}

static int builtin_exit(char **argv)
{
	long status = 0;

	if (argv[1] && (argv[2] || number_parse(argv[1], 0, EXIT_MAX, &status) != 0)) {
		fprintf(stderr, "usage: exit [STATUS], 0 to %d\n", EXIT_MAX);
		return STATUS_USAGE;
	}
	exit((int)status);
}

static int builtin_fg(char **argv)
{
	if (argv[1]) {
		fprintf(stderr, "usage: fg\n");
		return STATUS_USAGE;
	}
	return jobs_resume();
}

int builtin_run(char **argv)
{
	for (size_t i = 0; i < NR_BUILTINS; i++)
		if (strcmp(argv[0], builtins[i].name) == 0)
			return builtins[i].run(argv);
	return -1;
}
