/* SPDX-License-Identifier: MIT */
/* The kernel's log: a serial port that is written by polling. */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <granite/abi/types.h>

/* %s %c %d %u %x %p %%, with a width and 0 as in %08x; nothing else. */
__attribute__((format(printf, 1, 2))) void klog(const char *format, ...);
void klog_va(const char *format, va_list arguments);
void klog_bytes(const char *text, size_t bytes);

/* A process's text. It may be part of a line: the rest follows, unless others come first. */
void klog_text(endpoint_t author, const char *text, size_t bytes);

#endif
