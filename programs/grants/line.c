/* SPDX-License-Identifier: MIT */
/* A line of the picture. See line.h. */
#include <inttypes.h>
#include <string.h>

#include "../lib/wrap.h"
#include "line.h"
#include "names.h"

#define WIDE           79 /* with less room the column TO is left out */
#define COLUMNS_WIDE   33
#define COLUMNS_NARROW 24
#define LEFT_LEAST     20
#define ADDRESS_MAX    12
#define ADDRESS_LAST   0xffffffffu

static int left_columns(int width)
{
	int left = width < WIDE ? width - COLUMNS_NARROW : WIDE - COLUMNS_WIDE;

	return left < LEFT_LEAST ? LEFT_LEAST : left;
}

/* At most eight columns. */
static void put_pages(char text[FORMAT_MAX], uint32_t pages)
{
	if (pages == 1)
		strcpy(text, "1 page");
	else if (pages < 100)
		snprintf(text, FORMAT_MAX, "%" PRIu32 " pages", pages);
	else if (pages < 100000)
		snprintf(text, FORMAT_MAX, "%" PRIu32 " pg", pages);
	else
		format_pages(text, pages);
}

struct columns columns_of_grant(const struct node *node)
{
	const struct reach *reach = &node->reach;
	struct columns columns = {0};
	uint64_t bytes = node->grant->bytes;

	if (reach->owner != NONE) {
		columns.start = reach->start;
		columns.end = reach->end;
		columns.access = reach->access;
		bytes = reach->end - reach->start;
	}
	if (reach->owner == NONE && bytes == GRANT_ALL)
		strcpy(columns.size, "all");
	else
		format_bytes(columns.size, bytes);
	return columns;
}

struct columns columns_of_mapping(const struct vm_lending *mapping)
{
	struct columns columns = {
	        .start = mapping->start,
	        .end = (uint64_t)mapping->start + mapping->bytes,
	        .access = CPF_READ,
	};

	if (mapping->flags & VM_LEND_WRITE)
		columns.access |= CPF_WRITE;
	if (mapping->flags & VM_LEND_UNMAP)
		columns.access |= CPF_UNMAP;
	put_pages(columns.size, mapping->pages);
	return columns;
}

static const char *address(char text[ADDRESS_MAX], const struct columns *columns, uint64_t value)
{
	if (!columns->start && !columns->end)
		return "-";
	snprintf(text, ADDRESS_MAX, "%08" PRIx64, value < ADDRESS_LAST ? value : ADDRESS_LAST);
	return text;
}

static void print_columns(FILE *out, int width, const struct columns *columns)
{
	char from[ADDRESS_MAX], to[ADDRESS_MAX], access[NAME_MAX_ACCESS];

	fprintf(out, " %8s", address(from, columns, columns->start));
	if (width >= WIDE)
		fprintf(out, " %8s", address(to, columns, columns->end));
	fprintf(out, " %8s %s\n", columns->size, name_access(access, columns->access));
}

void line_title(FILE *out, int width)
{
	int left = left_columns(width);

	fprintf(out, "%-*.*s %-8s", left, left,
	        width < WIDE ? "WHO GIVES TO WHOM" : "WHO GIVES TO WHOM, AND WHO MAPS IT", "FROM");
	if (width >= WIDE)
		fprintf(out, " %-8s", "TO");
	fprintf(out, " %8s %s\n", "SIZE", "MAY");
}

void line_print(FILE *out, int width, const char *lead, const char *follow, const char *words,
                const struct columns *columns)
{
	int left = left_columns(width);
	int used = fprintf(out, "%s", lead);

	if (used + (int)strlen(words) <= left) {
		fprintf(out, "%-*s", left - used, words);
	} else {
		wrap_line(out, words, used, used, width);
		fprintf(out, "%-*s", left, follow);
	}
	print_columns(out, width, columns);
}

void line_note(FILE *out, int width, const char *lead, const char *words)
{
	int used = fprintf(out, "%s", lead);

	wrap_line(out, words, used, used, width);
}
