/* SPDX-License-Identifier: MIT */
/* What is known of the machine, and how the boot processes come to be. */
#ifndef KERNEL_BOOT_H
#define KERNEL_BOOT_H

#include <granite/abi/info.h>

#include "proc.h"

extern struct boot_info boot_info; /* filled by the architecture, then by boot_processes() */

/* Moves the archive out of the way and loads VM and PM from it; panics with a clear message if it can't. */
void boot_processes(void);

/* The value of `name=value` on the command line, into `value`; 0: not there. */
int boot_option(const char *name, char *value, unsigned size);

#endif
