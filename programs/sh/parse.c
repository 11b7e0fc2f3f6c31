/* SPDX-License-Identifier: MIT */
/* Takes a command line apart: see parse.h. */
#include <stddef.h>
#include <string.h>

#include "parse.h"

/* Where the parser is in its input and its output. */
struct parser {
	const char *in;
	char *out;   /* the next byte of parsed->text */
	char **word; /* the next place in parsed->words */
	int nr_words;
	struct parsed *parsed;
};

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static int ends_word(char c)
{
	return c == '\0' || strchr(";&|<>", c) || is_blank(c);
}

static const char *quoted(struct parser *p)
{
	char quote = *p->in++;

	while (*p->in != quote) {
		if (*p->in == '\0')
			return quote == '"' ? "a \" is missing" : "a ' is missing";
		if (quote == '"' && *p->in == '\\' && (p->in[1] == '"' || p->in[1] == '\\'))
			p->in++;
		*p->out++ = *p->in++;
	}
	p->in++;
	return NULL;
}

static const char *escaped(struct parser *p)
{
	p->in++;
	if (*p->in == '\0')
		return "nothing follows the \\ at the end";
	*p->out++ = *p->in++;
	return NULL;
}

/* Takes a word, and says where it is. */
static const char *word(struct parser *p, char **place)
{
	const char *error = NULL;

	if (p->nr_words++ == PARSE_WORDS_MAX)
		return "too many words";
	*place = p->out;
	while (!error && !ends_word(*p->in)) {
		if (*p->in == '\'' || *p->in == '"')
			error = quoted(p);
		else if (*p->in == '\\')
			error = escaped(p);
		else
			*p->out++ = *p->in++;
	}
	*p->out++ = '\0';
	return error;
}

static void skip_blanks(struct parser *p)
{
	while (is_blank(*p->in))
		p->in++;
}

static const char *redirection(struct parser *p, struct command *command)
{
	char *name = NULL;
	const char *error;

	p->in++;
	skip_blanks(p);
	if (ends_word(*p->in))
		return "the name of a file is missing behind <";
	if (command->input)
		return "a command can read one file only";
	error = word(p, &name);
	command->input = name;
	return error;
}

/* Words and redirections, up to what stands behind the command. */
static const char *arguments(struct parser *p, struct command *command)
{
	const char *error = NULL;

	for (skip_blanks(p); !error; skip_blanks(p)) {
		if (*p->in == '<')
			error = redirection(p, command);
		else if (*p->in == '>')
			error = "no file can be written to, so there is nothing that > could do; quote it to "
			        "pass it on";
		else if (!ends_word(*p->in))
			error = word(p, p->word++);
		else
			break;
	}
	return error;
}

/* One command, up to the `;`, `&` or `|` behind it. It may be empty only where nothing is around it. */
static const char *command(struct parser *p, int follows_pipe)
{
	struct parsed *parsed = p->parsed;

	if (parsed->nr_commands == PARSE_COMMANDS_MAX)
		return "too many commands";
	struct command *command = &parsed->commands[parsed->nr_commands];
	*command = (struct command){.argv = p->word};
	const char *error = arguments(p, command);
	if (error)
		return error;
	command->background = *p->in == '&';
	command->piped = *p->in == '|';
	if (p->word == command->argv && (command->input || follows_pipe))
		return command->input ? "a command is missing that reads the file"
		                      : "a command is missing behind |";
	if (p->word == command->argv)
		return *p->in == '\0' ? NULL : "a command is missing before ; or & or |";
	if (command->input && follows_pipe)
		return "a command reads a file or a pipe, not both";
	*p->word++ = NULL;
	parsed->nr_commands++;
	return NULL;
}

const char *parse_line(const char *line, struct parsed *parsed)
{
	struct parser p = {.in = line, .out = parsed->text, .word = parsed->words, .parsed = parsed};

	int follows_pipe = 0;

	parsed->nr_commands = 0;
	for (;;) {
		const char *error = command(&p, follows_pipe);

		if (error || *p.in == '\0')
			return error;
		follows_pipe = *p.in++ == '|';
		skip_blanks(&p);
		if (*p.in == '\0' && !follows_pipe)
			return NULL;
	}
}
