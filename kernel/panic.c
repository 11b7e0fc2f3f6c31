/* SPDX-License-Identifier: MIT */
#include "panic.h"

#include <stdarg.h>

#include "arch.h"
#include "log.h"

static int panicking;

static __attribute__((noreturn)) void stop(const struct arch_frame *frame, const char *format,
                                           va_list arguments)
{
	klog("\nPANIC: ");
	klog_va(format, arguments);
	klog("\n");
	/* A second panic comes from the dump itself: what is printed by then has to do. */
	if (panicking++ == 0)
		arch_dump(frame);
	arch_abort(ABORT_PANIC, 0);
}

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	stop(NULL, format, arguments);
}

void panic_at(const struct arch_frame *frame, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	stop(frame, format, arguments);
}
