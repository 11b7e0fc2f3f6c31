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

#define ABOUT  "starts programs by name"
#define PROMPT "granite> "

static const struct usage usage = {
        "sh", "[-c COMMANDS]", ABOUT,
        "Without -c it asks for a line at a time. With it, it carries out COMMANDS and ends with the last "
        "one's exit status.\n"
        "  '...'   stands for itself, blanks too; so does \"...\", but for \\\\ and \\\"; and \\ before a "
        "character\n"
        "  a; b    does one after the other; Ctrl-C ends both\n"
        "  a | b   makes a's output b's input; b's exit status counts\n"
        "  a < F   makes the file F a's input\n"
        "  a &     leaves a in the background; `jobs` lists those, `fg` gets one back\n"
        "  Ctrl-C  ends what runs, Ctrl-Z stops it"};

enum input {
	INPUT_LINE,
	INPUT_TOO_LONG,
	INPUT_INTERRUPTED,
	INPUT_END, /* Ctrl-D where a line would begin */
};

/* What next_byte gives when there is no byte. */
#define BYTE_INTERRUPTED (-1)
#define BYTE_END         (-2)

/*
 * So many ends in a row are no typing errors: the input has ended
 * for good, and would be at its end for ever.
 */
#define ENDS_MAX 10

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

/*
 * The next byte typed, or BYTE_*. One read gives a whole line of a
 * terminal, so Ctrl-C never cuts one in two.
 */
static int next_byte(void)
{
	static char typed[PARSE_LINE_MAX];
	static ssize_t count, next; /* bytes in `typed`, and of these given out */
	int nothing;

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
	nothing = count < 0 ? BYTE_INTERRUPTED : BYTE_END;
	count = 0;
	return nothing;
}

/* Reads up to the end of a line, which is cut off, or of the input. Of a line too long nothing is kept. */
static enum input read_line(char *line, size_t size)
{
	size_t used = 0;
	enum input result = INPUT_LINE;
	int byte;

	while ((byte = next_byte()) != '\n') {
		if (byte == BYTE_INTERRUPTED)
			return INPUT_INTERRUPTED;
		if (byte == BYTE_END && used == 0)
			return INPUT_END;
		if (byte == BYTE_END)
			break;
		if (used == size - 1)
			result = INPUT_TOO_LONG;
		else
			line[used++] = (char)byte;
	}
	line[used] = '\0';
	return result;
}

/* Whether Ctrl-C came, to the last command or between two. */
static int ended_by_key(int status)
{
	return was_interrupted || status == STATUS_SIGNALLED(SIGINT);
}

/* What the shell carries out itself, unless it is a part of a pipeline or reads a file: then in a child. */
static int execute_pipeline(const struct command *commands)
{
	int status = -1;

	if (!commands->piped && !commands->input)
		status = builtin_run(commands->argv);
	return status < 0 ? jobs_run(commands) : status;
}

/* The number of commands in the pipeline. */
static int length_of(const struct command *commands)
{
	int length = 1;

	while (commands[length - 1].piped)
		length++;
	return length;
}

static int execute(const char *line)
{
	static struct parsed parsed;
	const char *error = parse_line(line, &parsed);
	int status = 0;

	if (error) {
		fprintf(stderr, "sh: %s\n", error);
		return STATUS_USAGE;
	}
	was_interrupted = 0;
	for (int i = 0; i < parsed.nr_commands && !ended_by_key(status); i += length_of(&parsed.commands[i]))
		status = execute_pipeline(&parsed.commands[i]);
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

/* Returns at the end of the input. A terminal's can go on after Ctrl-D, so that one is asked a few times. */
static void converse(void)
{
	static char line[PARSE_LINE_MAX];
	enum input input;
	int ends = 0;

	for (;;) {
		prompt();
		input = read_line(line, sizeof(line));
		ends = input == INPUT_END ? ends + 1 : 0;
		switch (input) {
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
			if (!isatty(STDIN_FILENO) || ends == ENDS_MAX)
				return;
			puts("\n`poweroff` switches the machine off, `exit` leaves the shell.");
			break;
		}
	}
}

int main(int argc, char **argv)
{
	const char *commands = NULL;
	while (usage_option(&usage, argc, argv, "c:") != -1)
		commands = optarg;
	if (optind < argc)
		usage_fail(&usage, "'%s' is too much", argv[optind]);
	if (commands)
		return execute_argument(commands);
	if (jobs_init())
		catch_signals();
	puts("Granite. `help` lists what there is.");
	converse();
	return 0;
}
