/* SPDX-License-Identifier: MIT */
/* Text broken into lines that fit. See wrap.h. */
#include <string.h>

#include "wrap.h"

#define GAP "  "

/*
 * Where the second column begins: behind the first gap that follows a word, in the first half of a line.
 * Without one, where the first column does.
 */
static int second_column(const char *text, int width)
{
	int start = (int)strspn(text, " "), i = start;

	while (i < width / 2 && text[i] && text[i] != '\n' && strncmp(text + i, GAP, strlen(GAP)) != 0)
		i++;
	if (strncmp(text + i, GAP, strlen(GAP)) != 0)
		return start;
	return i + (int)strspn(text + i, " ");
}

/* What stands before the first word that may move; of more than there is room for, the beginning. Returns its
 * length. */
static int print_start(FILE *out, const char *text, int length, int room)
{
	if (length > room)
		length = room > 0 ? room : 0;
	return fprintf(out, "%.*s", length, text);
}

void wrap_line(FILE *out, const char *text, int column, int indent, int width)
{
	int length = (int)strcspn(text, "\n"), done = (int)strspn(text, " "), at_start = 1, is_empty;

	width = width < WRAP_LEAST ? WRAP_LEAST : width;
	if (column + length <= width)
		done = length;
	else if (indent == WRAP_INDENT)
		done = second_column(text, width);
	is_empty = column == 0 && done <= (int)strspn(text, " ");
	column += print_start(out, text, done, width - column);
	indent = indent == WRAP_INDENT ? column : indent;
	for (int word; (done += (int)strspn(text + done, " ")) < length; done += word) {
		word = (int)strcspn(text + done, " \n");
		if (!is_empty && column + !at_start + word > width) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			at_start = 1;
		}
		column += fprintf(out, "%s%.*s", at_start ? "" : " ", word, text + done);
		at_start = is_empty = 0;
	}
	fputc('\n', out);
}

void wrap_text(FILE *out, const char *text, int indent, int width)
{
	while (*text) {
		wrap_line(out, text, 0, indent, width);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}
