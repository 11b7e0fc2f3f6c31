/* SPDX-License-Identifier: MIT */
/* See text.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <granite/abi/endpoint.h>

#include "../lib/format.h"
#include "text.h"

#define KEY_COLUMNS     28
#define TYPE_COLUMNS    5
#define OWNER_COLUMNS   15
#define PRIVATE_COLUMNS 4
#define VALUE_LEAST     10
#define DUMP_BYTES      16

const char *text_type(uint32_t type)
{
	static const char *const names[DS_TYPES] = {"?", "u32", "str", "mem", "map", "label"};

	return names[type < DS_TYPES ? type : 0];
}

/* ---- Values ---- */

/* A byte as it is shown, in 4 characters at most. Returns how many. */
static int put_byte(char shown[5], unsigned char byte)
{
	switch (byte) {
	case '\n':
		return sprintf(shown, "\\n");
	case '\t':
		return sprintf(shown, "\\t");
	case '"':
	case '\\':
		return sprintf(shown, "\\%c", byte);
	default:
		return sprintf(shown, byte >= ' ' && byte < 0x7f ? "%c" : "\\x%02x", byte);
	}
}

/* How much room is wanted for what is left: all of it, or the dots. */
static int all_fits(const char *bytes, size_t length, int room)
{
	char shown[5];

	for (size_t i = 0; i < length && room >= 0; i++)
		room -= put_byte(shown, (unsigned char)bytes[i]);
	return room >= 0;
}

const char *text_quoted(char text[TEXT_MAX], int width, const char *bytes, size_t length)
{
	int room = (width < TEXT_MAX ? width : TEXT_MAX - 1) - 2, used = 1;
	int cut = !all_fits(bytes, length, room);
	char shown[5];

	text[0] = '"';
	if (cut)
		room -= 3;
	for (size_t i = 0; i < length; i++) {
		int columns = put_byte(shown, (unsigned char)bytes[i]);

		if (columns > room)
			break;
		memcpy(text + used, shown, (size_t)columns);
		used += columns;
		room -= columns;
	}
	strcpy(text + used, cut ? "\"..." : "\"");
	return text;
}

static int is_plain(unsigned char byte)
{
	char shown[5];

	return byte != ' ' && put_byte(shown, byte) == 1;
}

_Static_assert(4 * DS_KEY_MAX + 2 < TEXT_MAX, "a key is shown whole");

const char *text_name(char text[TEXT_MAX], const char *name)
{
	size_t length = strnlen(name, DS_KEY_MAX);

	for (size_t i = 0; i < length; i++)
		if (!is_plain((unsigned char)name[i]))
			return text_quoted(text, TEXT_MAX, name, length);
	memcpy(text, name, length);
	text[length] = '\0';
	return text;
}

static const char *bytes_in_words(char text[TEXT_MAX], const char *what, uint32_t bytes)
{
	char size[FORMAT_MAX];

	snprintf(text, TEXT_MAX, "%s%s", format_bytes(size, bytes), what);
	return text;
}

const char *text_value(char text[TEXT_MAX], int width, const struct ds_entry *entry, const char *bytes,
                       size_t length)
{
	if (entry->type == DS_TYPE_STR && bytes)
		return text_quoted(text, width, bytes, length);
	if (!bytes && entry->flags & DSF_PRIV_RETRIEVE)
		snprintf(text, TEXT_MAX, "private");
	else if (entry->type == DS_TYPE_U32)
		snprintf(text, TEXT_MAX, "%u", (unsigned)entry->number);
	else if (entry->type == DS_TYPE_LABEL)
		snprintf(text, TEXT_MAX, "endpoint %d", (int)entry->number);
	else
		bytes_in_words(text, entry->type == DS_TYPE_MAP ? ", mapped" : "", entry->bytes);
	return text;
}

const char *text_private(char text[TEXT_MAX], uint32_t flags)
{
	snprintf(text, TEXT_MAX, "%s%s%s%s%s", flags & DSF_PRIV_RETRIEVE ? "r" : "",
	         flags & DSF_PRIV_OVERWRITE ? "o" : "", flags & DSF_PRIV_SNAPSHOT ? "s" : "",
	         flags & DSF_PRIV_SUBSCRIBE ? "n" : "", flags & DSF_PRIV ? "" : "-");
	return text;
}

const char *text_what(uint32_t what)
{
	if (what & DS_LOST)
		return "lost";
	if (what & DS_DELETED)
		return "deleted";
	if (what & DS_CREATED)
		return "created";
	return what & DS_CHANGED ? "changed" : "orphaned";
}

/* ---- The list ---- */

int text_value_width(int width)
{
	int left = width - KEY_COLUMNS - TYPE_COLUMNS - OWNER_COLUMNS - PRIVATE_COLUMNS - 4;

	return left > VALUE_LEAST ? left : VALUE_LEAST;
}

void text_print_line(FILE *out, int width, const char *key, const char *type, const char *value,
                     const char *owner, const char *private)
{
	int columns = text_value_width(width);
	char name[TEXT_MAX];

	key = text_name(name, key);
	if (strlen(key) > KEY_COLUMNS) {
		fprintf(out, "%s\n", key);
		key = "";
	}
	fprintf(out, "%-*s %-*s %-*.*s %-*.*s %s\n", KEY_COLUMNS, key, TYPE_COLUMNS, type, columns, columns,
	        value, OWNER_COLUMNS, OWNER_COLUMNS, owner, private);
}

/* ---- Strings and bytes ---- */

/* Nothing in it does anything to a terminal, nor could it be taken for a quoted one. */
static int is_harmless(const char *string)
{
	if (*string == '"')
		return 0;
	while (*string >= ' ' && *string < 0x7f)
		string++;
	return *string == '\0';
}

void text_print_string(FILE *out, const char *string, int to_terminal)
{
	char shown[5];

	if (!to_terminal || is_harmless(string)) {
		fprintf(out, "%s\n", string);
		return;
	}
	fputc('"', out);
	for (; *string; string++)
		fwrite(shown, (size_t)put_byte(shown, (unsigned char)*string), 1, out);
	fputs("\"\n", out);
}

static void print_letters(FILE *out, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fputc(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.', out);
}

void text_print_bytes(FILE *out, const uint8_t *bytes, size_t length)
{
	for (size_t at = 0; at < length; at += DUMP_BYTES) {
		size_t count = length - at < DUMP_BYTES ? length - at : DUMP_BYTES;

		fprintf(out, "%06zx ", at);
		for (size_t i = 0; i < DUMP_BYTES; i++)
			fprintf(out, i < count ? " %02x" : "   ", i < count ? bytes[at + i] : 0);
		fputs("  ", out);
		print_letters(out, bytes + at, count);
		fputc('\n', out);
	}
}

/* ---- The command line ---- */

int text_number(const char *text, uint32_t *number)
{
	unsigned long long value;
	char *end;
	int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;

	if (!isxdigit((unsigned char)text[base == 16 ? 2 : 0]))
		return 0;
	errno = 0;
	value = strtoull(text, &end, base);
	if (*end || errno || value > UINT32_MAX)
		return 0;
	*number = (uint32_t)value;
	return 1;
}
