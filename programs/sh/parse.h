/* SPDX-License-Identifier: MIT */
/*
 * Takes a command line apart: words are separated by blanks, commands by `|` if one's output is the next
 * one's input, pipelines of them by `;`, or by `&` if they are not to be waited for. `<` and a word name the
 * file that a command reads. Within '...' every byte stands for itself; within "..." \" and \\ stand for "
 * and
 * \; elsewhere \x stands for x. Pure code.
 */
#ifndef SH_PARSE_H
#define SH_PARSE_H

#define PARSE_LINE_MAX     1024 /* bytes of a line, with its end */
#define PARSE_WORDS_MAX    128
#define PARSE_COMMANDS_MAX 16

struct command {
	char **argv;       /* ended by a null pointer, never empty */
	const char *input; /* the file that it reads, or null */
	int piped;         /* 1: its output is the input of the command behind it */
	int background;    /* of a pipeline's last command */
};

/* Filled by parse_line; all pointers lead into it. */
struct parsed {
	int nr_commands;
	struct command commands[PARSE_COMMANDS_MAX];
	char *words[PARSE_WORDS_MAX + PARSE_COMMANDS_MAX + 1];
	char text[2 * PARSE_LINE_MAX];
};

/* Returns null, or what is wrong with the line, which is at most PARSE_LINE_MAX - 1 bytes long. */
const char *parse_line(const char *line, struct parsed *parsed);

#endif
