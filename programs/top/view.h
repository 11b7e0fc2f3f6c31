/* SPDX-License-Identifier: MIT */
/* What `top` shows: the machine at one moment, and what has happened since an earlier one. Pure code. */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include <stdint.h>
#include <stdio.h>
#include <granite/abi/counters.h>
#include <granite/abi/vm.h>

#include "../lib/processes.h"

/* All zeros is the moment when the machine was switched on. */
struct moment {
	uint64_t uptime; /* nanoseconds */
	struct granite_counters counters;
	struct vm_info_rep memory;
	struct processes all;
	uint64_t *bytes; /* of each process: its memory */
};

enum view_order { BY_CPU, BY_MEMORY, BY_PID };

struct view {
	const struct moment *before, *now;
	enum view_order order;
	endpoint_t self;
	unsigned rows;    /* lines at most; 0: as many as there are */
	const char *keys; /* a line that tells the keys; null: there are none */
	int coloured;
};

void view_print(FILE *out, const struct view *view);

/* ---- What it is made of ---- */

/* How long the process of `now` has run since `before`, in nanoseconds. */
uint64_t view_ran(const struct moment *before, const struct process *process);

/* Fills indices[now->all.count] with places in now->all, sorted. Returns 0, or -1: no memory. */
int view_sort(const struct view *view, uint32_t *indices);

/* Of so many between two moments: how many a second, rounded. */
uint64_t view_rate(uint64_t count, uint64_t nsecs);

#endif
