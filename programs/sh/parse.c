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
	return c == '\0' || c == ';' || c == '&' || is_blank(c);
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

static const char *plain(struct parser *p)
{
	if (strchr("|<>", *p->in))
		return "pipes and redirections are not there yet; quote | < > to pass them on";
	*p->out++ = *p->in++;
	return NULL;
}

static const char *word(struct parser *p)
{
	const char *error = NULL;

	if (p->nr_words++ == PARSE_WORDS_MAX)
		return "too many words";
	*p->word++ = p->out;
	while (!error && !ends_word(*p->in)) {
		if (*p->in == '\'' || *p->in == '"')
			error = quoted(p);
		else if (*p->in == '\\')
			error = escaped(p);
		else
			error = plain(p);
	}
	*p->out++ = '\0';
	return error;
}

static void skip_blanks(struct parser *p)
{
	while (is_blank(*p->in))
		p->in++;
}

/* One command, up to the `;` or `&` behind it. It may be empty only if nothing follows. */
static const char *command(struct parser *p)
{
	struct parsed *parsed = p->parsed;

	if (parsed->nr_commands == PARSE_COMMANDS_MAX)
		return "too many commands";
	struct command *command = &parsed->commands[parsed->nr_commands];
	command->argv = p->word;
	for (skip_blanks(p); !ends_word(*p->in); skip_blanks(p)) {
		const char *error = word(p);

		if (error)
			return error;
	}
	command->background = *p->in == '&';
	if (p->word == command->argv)
		return *p->in == '\0' ? NULL : "a command is missing before ; or &";
	*p->word++ = NULL;
	parsed->nr_commands++;
	return NULL;
}

const char *parse_line(const char *line, struct parsed *parsed)
{
	struct parser p = {.in = line, .out = parsed->text, .word = parsed->words, .parsed = parsed};

	parsed->nr_commands = 0;
	for (;;) {
		const char *error = command(&p);

		if (error || *p.in == '\0')
			return error;
		p.in++;
		skip_blanks(&p);
		if (*p.in == '\0')
			return NULL;
	}
}
