/* SPDX-License-Identifier: MIT */
/* A text becomes a screen. See screen.h. */
#include <string.h>

#include "colours.h"
#include "screen.h"

#define HOME        "\033[H"
#define ERASE_LINE  "\033[K"
#define ERASE_BELOW "\033[J"
#define ESCAPE      '\033'

/* The length of the escape sequence that `text` begins with: up to its letter. */
static size_t sequence_length(const char *text)
{
	size_t length = strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\n");

	return text[length] && text[length] != '\n' ? length + 1 : length;
}

/* Writes one line, without its end. */
static void draw_line(FILE *out, const char *line, size_t length, unsigned columns)
{
	unsigned used = 0;

	for (size_t i = 0; i < length;) {
		size_t bytes = line[i] == ESCAPE ? sequence_length(line + i) : 1;
		if (line[i] != ESCAPE && used++ == columns) {
			fputs(COLOUR_END, out);
			break;
		}
		fwrite(line + i, 1, bytes, out);
		i += bytes;
	}
}

/* The last row gets no end of line: that would scroll. */
void screen_draw(FILE *out, const char *text, unsigned rows, unsigned columns)
{
	fputs(HOME, out);
	for (unsigned row = 0; row < rows && *text; row++) {
		size_t length = strcspn(text, "\n");

		fputs(row ? "\r\n" : "", out);
		draw_line(out, text, length, columns);
		fputs(ERASE_LINE, out);
		text += length + (text[length] == '\n');
	}
	fputs(ERASE_BELOW, out);
}
