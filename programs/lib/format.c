/* SPDX-License-Identifier: MIT */
/* Numbers as people read them. See format.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <granite/abi/layout.h>

#include "format.h"

#define MSEC 1000000ull
#define SEC  1000000000ull

const char *format_count(char *text, uint64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	char *out = text;
	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return text;
}

/* Below 100 tenths are shown. What would be rounded to 1024 of a unit is 1 of the next. */
const char *format_bytes(char *text, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;
	uint64_t tenths = (bytes * 10 + 512) / 1024;
	if (bytes < 1024) {
		snprintf(text, FORMAT_MAX, "%" PRIu64 " B", bytes);
		return text;
	}
	while (tenths >= 10235 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		tenths = (tenths + 512) / 1024;
		unit++;
	}
	if (tenths < 1000 && tenths % 10 != 0)
		snprintf(text, FORMAT_MAX, "%" PRIu64 ".%u %s", tenths / 10, (unsigned)(tenths % 10),
		         units[unit]);
	else
		snprintf(text, FORMAT_MAX, "%" PRIu64 " %s", (tenths + 5) / 10, units[unit]);
	return text;
}

const char *format_pages(char *text, uint64_t pages)
{
	return format_bytes(text, pages * PAGE_SIZE);
}

static const char *two_units(char *text, uint64_t number, unsigned base, const char *units)
{
	snprintf(text, FORMAT_MAX, "%" PRIu64 "%c %02u%c", number / base, units[0], (unsigned)(number % base),
	         units[1]);
	return text;
}

const char *format_time(char *text, uint64_t nsecs)
{
	uint64_t seconds = nsecs / SEC;
	if (seconds < 60)
		snprintf(text, FORMAT_MAX, "%u.%02u s", (unsigned)seconds,
		         (unsigned)(nsecs % SEC / (10 * MSEC)));
	else if (seconds < 60 * 60)
		two_units(text, seconds, 60, "ms");
	else if (seconds < 24 * 60 * 60)
		two_units(text, seconds / 60, 60, "hm");
	else
		two_units(text, seconds / (60 * 60), 24, "dh");
	return text;
}

const char *format_permille(char *text, uint64_t permille)
{
	unsigned shown = permille < 1000 ? (unsigned)permille : 1000;
	snprintf(text, FORMAT_MAX, "%u.%u%%", shown / 10, shown % 10);
	return text;
}

uint32_t format_share(uint64_t part, uint64_t whole)
{
	return whole ? (uint32_t)((part * 1000 + whole / 2) / whole) : 0;
}

const char *format_bar(char *text, uint64_t part, uint64_t whole, int width)
{
	if (width > FORMAT_MAX - 1)
		width = FORMAT_MAX - 1;
	int length = whole ? (int)((part * (unsigned)width + whole / 2) / whole) : 0;
	if (length == 0 && part > 0)
		length = 1;
	if (length > width)
		length = width;
	memset(text, '#', (size_t)length);
	text[length] = '\0';
	return text;
}
