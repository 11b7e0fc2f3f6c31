/* SPDX-License-Identifier: MIT */
/* The kernel's log, for servers and drivers: they come before the console, or have to do without. */
#ifndef GRANITE_LOG_H
#define GRANITE_LOG_H

#include <stdarg.h>

/*
 * Writes a line to the kernel's log: `[name] `, the text as printf makes it, and the line's end. More than
 * DIAG_MAX bytes are cut. The caller needs the right to sys_diagctl; without it nothing happens.
 */
void log_line(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_line_va(const char *name, const char *format, va_list arguments)
        __attribute__((format(printf, 2, 0)));

#endif
