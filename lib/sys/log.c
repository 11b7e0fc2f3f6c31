/* SPDX-License-Identifier: MIT */
/* See <granite/log.h>. */
#include <stdio.h>
#include <granite/log.h>
#include <granite/sys.h>

void log_line_va(const char *name, const char *format, va_list arguments)
{
	char line[DIAG_MAX];
	int start = snprintf(line, sizeof(line), "[%.*s] ", PROC_NAME_MAX, name);
	int length = vsnprintf(line + start, sizeof(line) - (size_t)start, format, arguments);

	if (length < 0)
		return;
	length += start;
	if (length > DIAG_MAX - 1)
		length = DIAG_MAX - 1;
	line[length++] = '\n';
	sys_diagctl(line, (size_t)length);
}

void log_line(const char *name, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line_va(name, format, arguments);
	va_end(arguments);
}
