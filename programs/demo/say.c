/* SPDX-License-Identifier: MIT */
/* What the demo says, and how. See demo.h. */
#include <stdarg.h>
#include <stdio.h>

#include "../lib/colours.h"
#include "../lib/terminal.h"
#include "../lib/wrap.h"
#include "demo.h"

#define TEXT_MAX     1024
#define SHOW_INDENT  4
#define CLAIM_INDENT 10

static unsigned failures;

unsigned say_failures(void)
{
	return failures;
}

static const char *colour(const char *sequence)
{
	return colours_wanted() ? sequence : "";
}

#define FORMAT_TEXT(text, format)                         \
	char text[TEXT_MAX];                              \
	va_list arguments;                                \
	va_start(arguments, format);                      \
	vsnprintf(text, sizeof(text), format, arguments); \
	va_end(arguments)

void say(const char *format, ...)
{
	FORMAT_TEXT(text, format);
	putchar('\n');
	wrap_line(stdout, text, 0, 0, terminal_text_width());
	putchar('\n');
}

void show(const char *format, ...)
{
	FORMAT_TEXT(text, format);
	printf("%*s%s", SHOW_INDENT, "", colour(COLOUR_CYAN));
	wrap_line(stdout, text, SHOW_INDENT, SHOW_INDENT, terminal_width());
	printf("%s", colour(COLOUR_END));
}

int claim(int holds, const char *format, ...)
{
	FORMAT_TEXT(text, format);
	printf("  %s%s%s ", colour(holds ? COLOUR_GREEN : COLOUR_RED),
	       holds ? "true:  " : "FALSE: ", colour(COLOUR_END));
	wrap_line(stdout, text, CLAIM_INDENT, CLAIM_INDENT, terminal_text_width());
	failures += !holds;
	return holds;
}

void say_title(const char *format, ...)
{
	FORMAT_TEXT(text, format);
	printf("\n%s%s%s\n", colour(COLOUR_BOLD), text, colour(COLOUR_END));
}
