/* SPDX-License-Identifier: MIT */
/* Spans: pieces of text without a 0 byte at the end. See manifest.h. */
#include <string.h>
#include "manifest.h"

int span_is(struct span span, const char *text)
{
	return strlen(text) == span.bytes && memcmp(span.start, text, span.bytes) == 0;
}

int span_split(struct span *rest, char separator, struct span *part)
{
	const char *end;

	if (rest->bytes == 0)
		return 0;
	end = memchr(rest->start, separator, rest->bytes);
	*part = *rest;
	if (!end) {
		rest->bytes = 0;
		return 1;
	}
	part->bytes = (uint32_t)(end - part->start);
	rest->start = end + 1;
	rest->bytes -= part->bytes + 1;
	return 1;
}

static uint32_t digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (uint32_t)(digit - '0');
	if (digit >= 'a' && digit <= 'f')
		return (uint32_t)(digit - 'a') + 10;
	if (digit >= 'A' && digit <= 'F')
		return (uint32_t)(digit - 'A') + 10;
	return UINT32_MAX;
}

int span_number(struct span span, uint32_t base, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < span.bytes; i++) {
		uint32_t digit = digit_value(span.start[i]);

		if (digit >= base)
			return 0;
		value = value * base + digit;
		if (value > max)
			return 0;
	}
	*number = (uint32_t)value;
	return span.bytes > 0;
}

int span_copy(struct span span, char *buffer, uint32_t bytes)
{
	if (span.bytes == 0 || span.bytes >= bytes)
		return 0;
	memcpy(buffer, span.start, span.bytes);
	buffer[span.bytes] = '\0';
	return 1;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

int span_words(struct span line, struct span words[MANIFEST_WORDS_MAX])
{
	int count = 0, within = 0;

	for (uint32_t i = 0; i < line.bytes; i++) {
		if (is_blank(line.start[i])) {
			within = 0;
			continue;
		}
		if (is_control(line.start[i]))
			return WORDS_CONTROL;
		if (!within && count == MANIFEST_WORDS_MAX)
			return WORDS_TOO_MANY;
		if (!within)
			words[count++] = (struct span){&line.start[i], 0};
		words[count - 1].bytes++;
		within = 1;
	}
	return count;
}
