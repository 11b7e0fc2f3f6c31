/* SPDX-License-Identifier: MIT */
/* The end of the system, when the kernel can't go on. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

struct arch_frame;

/* Ends the system with a message, the state of processor and current process, and the call chains. */
__attribute__((noreturn, format(printf, 1, 2))) void panic(const char *format, ...);

/* Likewise for an exception; frame: the registers it interrupted. */
__attribute__((noreturn, format(printf, 2, 3))) void panic_at(const struct arch_frame *frame,
                                                              const char *format, ...);

#endif
