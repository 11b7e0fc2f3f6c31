/* SPDX-License-Identifier: MIT */
/* The shell: reads a line, does what it says, and again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/usage.h"
#include "sh.h"

#define USAGE "sh [-c COMMANDS]"
#define HELP \
	"Starts programs by name. -c carries out its argument and leaves; `help` at the prompt tells more."
#define PROMPT "granite> "

enum input {
	INPUT_LINE,
	INPUT_TOO_LONG,
	INPUT_INTERRUPTED,
	INPUT_END, /* Ctrl-D: at the beginning of a line only, elsewhere it does nothing */
};

static volatile sig_atomic_t was_interrupted;

/* Makes read fail with EINTR, and ends a list of commands, which is all that Ctrl-C shall do to a shell. */
static void interrupted(int signal)
{
	(void)signal;
	was_interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = interrupted};
	(void)sigaction(SIGINT, &action, NULL);
	(void)signal(SIGQUIT, SIG_IGN);
	(void)signal(SIGTSTP, SIG_IGN);
}

/* The next byte typed, or minus an enum input. What is read at once, of a terminal one line, Ctrl-C can't cut
 * in two. */
static int next_byte(void)
{
	static char typed[PARSE_LINE_MAX];
	static ssize_t count, next;
	if (next == count) {
		next = 0;
		count = read(STDIN_FILENO, typed, sizeof(typed));
	}
	if (count > 0)
		return (unsigned char)typed[next++];
	if (count < 0 && errno != EINTR) {
		perror("sh");
		exit(1);
	}
	int result = count < 0 ? -INPUT_INTERRUPTED : -INPUT_END;
	count = 0;
	return result;
}

/* Reads up to the end of a line, which is cut off. Of a line too long nothing is kept. */
static enum input read_line(char *line, size_t size)
{
	size_t used = 0;
	enum input result = INPUT_LINE;
	int byte;
	while ((byte = next_byte()) != '\n') {
		if (byte == -INPUT_INTERRUPTED || (byte < 0 && used == 0))
			return (enum input) - byte;
		if (byte >= 0 && used == size - 1)
			result = INPUT_TOO_LONG;
		else if (byte >= 0)
			line[used++] = (char)byte;
	}
	line[used] = '\0';
	return result;
}

/* Whether Ctrl-C came, to the last command or between two. */
static int ended_by_key(int status)
{
	return was_interrupted || status == 128 + SIGINT;
}

static int execute(const char *line)
{
	static struct parsed parsed;
	const char *error = parse_line(line, &parsed);
	if (error) {
		fprintf(stderr, "sh: %s\n", error);
		return STATUS_USAGE;
	}
	int status = 0;
	was_interrupted = 0;
	for (int i = 0; i < parsed.nr_commands && !ended_by_key(status); i++) {
		struct command *command = &parsed.commands[i];
		status = builtin_run(command->argv);
		if (status < 0)
			status = jobs_run(command->argv, command->background);
	}
	return status;
}

static int execute_argument(const char *commands)
{
	if (strlen(commands) < PARSE_LINE_MAX)
		return execute(commands);
	fprintf(stderr, "sh: more than %d bytes\n", PARSE_LINE_MAX - 1);
	return STATUS_USAGE;
}

static void prompt(void)
{
	jobs_report();
	printf("%s", PROMPT);
	fflush(stdout);
}

/* Returns at the end of an input that is no terminal; a terminal's can go on after Ctrl-D. */
static void converse(void)
{
	static char line[PARSE_LINE_MAX];
	for (;;) {
		prompt();
		switch (read_line(line, sizeof(line))) {
		case INPUT_LINE:
			(void)execute(line);
			break;
		case INPUT_TOO_LONG:
			fprintf(stderr, "sh: a line has at most %d bytes\n", PARSE_LINE_MAX - 1);
			break;
		case INPUT_INTERRUPTED:
			putchar('\n');
			break;
		case INPUT_END:
			if (!isatty(STDIN_FILENO))
				return;
			puts("\n`poweroff` switches the machine off, `exit` leaves the shell.");
			break;
		}
	}
}

int main(int argc, char **argv)
{
	usage_check(argc, argv, 0, 2, USAGE, HELP);
	if (argc != 1 && (argc != 3 || strcmp(argv[1], "-c") != 0))
		usage_fail(USAGE);
	if (argc == 3)
		return execute_argument(argv[2]);
	if (jobs_init())
		catch_signals();
	puts("Granite. `help` lists what there is.");
	converse();
	return 0;
}
