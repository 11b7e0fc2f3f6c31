/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdint.h>
#include <granite/abi/endpoint.h>

#include "arch.h"

static endpoint_t unfinished = NONE; /* the process whose text stands in the last line, without its end */

/* No line has two authors: what one leaves unfinished ends where another begins. */
static void begin_as(endpoint_t author)
{
	if (unfinished != NONE && unfinished != author)
		klog_bytes("\n", 1);
	unfinished = NONE;
}

void klog_text(endpoint_t author, const char *text, size_t bytes)
{
	if (!bytes)
		return;
	begin_as(author);
	klog_bytes(text, bytes);
	if (text[bytes - 1] != '\n')
		unfinished = author;
}

void klog_bytes(const char *text, size_t bytes)
{
	while (bytes--) {
		if (*text == '\n')
			arch_log_byte('\r');
		arch_log_byte(*text++);
	}
}

static void put_string(const char *s, unsigned width)
{
	size_t length = 0;

	while (s[length])
		length++;
	klog_bytes(s, length);
	while (length++ < width)
		arch_log_byte(' ');
}

static void put_number(uint32_t n, unsigned base, unsigned width, char pad, int negative)
{
	char digits[12];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	if (negative)
		digits[count++] = '-';
	while (width-- > count)
		arch_log_byte(pad);
	while (count)
		arch_log_byte(digits[--count]);
}

static void put_argument(char kind, unsigned width, char pad, va_list *arguments)
{
	int32_t number;

	switch (kind) {
	case 's':
		put_string(va_arg(*arguments, const char *), width);
		break;
	case 'c':
		arch_log_byte(va_arg(*arguments, int));
		break;
	case 'd':
		number = va_arg(*arguments, int32_t);
		put_number(number < 0 ? 0u - (uint32_t)number : (uint32_t)number, 10, width, pad, number < 0);
		break;
	case 'u':
		put_number(va_arg(*arguments, uint32_t), 10, width, pad, 0);
		break;
	case 'p':
	case 'x':
		put_number(va_arg(*arguments, uint32_t), 16, width, pad, 0);
		break;
	default:
		arch_log_byte(kind);
	}
}

void klog_va(const char *format, va_list arguments)
{
	va_list list;

	begin_as(NONE);
	va_copy(list, arguments);
	for (; *format; format++) {
		unsigned width = 0;
		char pad = ' ';

		if (*format != '%') {
			klog_bytes(format, 1);
			continue;
		}
		if (*++format == '0')
			pad = *format++;
		while (*format >= '0' && *format <= '9')
			width = width * 10 + (*format++ - '0');
		if (!*format)
			break;
		put_argument(*format, width, pad, &list);
	}
	va_end(list);
}

void klog(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	klog_va(format, arguments);
	va_end(arguments);
}
