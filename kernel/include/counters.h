/* SPDX-License-Identifier: MIT */
#ifndef KERNEL_COUNTERS_H
#define KERNEL_COUNTERS_H

#include <granite/abi/counters.h>

extern struct granite_counters counters;

#define COUNT(name) (counters.name++)

#endif
