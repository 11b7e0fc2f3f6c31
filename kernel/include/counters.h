/* SPDX-License-Identifier: MIT */
/* The kernel's counters; <granite/abi/counters.h> says what each counts. */
#ifndef KERNEL_COUNTERS_H
#define KERNEL_COUNTERS_H

#include <granite/abi/counters.h>

extern struct granite_counters counters;

#define COUNT(name) (counters.name++)

#endif
