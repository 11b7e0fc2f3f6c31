/* SPDX-License-Identifier: MIT */
/* How the kernel's counters are shown. */
#ifndef STATS_REPORT_H
#define STATS_REPORT_H

#include <stdint.h>
#include <stdio.h>
#include <granite/abi/counters.h>

enum report_flag {
	REPORT_ALL = 1, /* what did not move too */
};

/* In groups, with rates if `nsecs` is a second or more; then what the numbers mean. */
void report_print(FILE *out, const struct granite_counters *moved, uint64_t nsecs, enum report_flag flags);

/* `name value`, a line each, for programs. */
void report_print_raw(FILE *out, const struct granite_counters *moved);

/* after - before, each. */
struct granite_counters report_difference(const struct granite_counters *before,
                                          const struct granite_counters *after);

#endif
