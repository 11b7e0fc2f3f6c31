/* SPDX-License-Identifier: MIT */
/* How the kernel's counters are shown. See report.h. */
#include <inttypes.h>
#include <stddef.h>

#include "../lib/format.h"
#include "../lib/terminal.h"
#include "../lib/wrap.h"
#include "report.h"

#define SECOND 1000000000ull

enum group { ENTRIES, PROCESSES, WINDOWS, FRAMES, CLOCK_TICKS, OTHERS, NR_GROUPS };

static const char *const group_names[NR_GROUPS] = {
        [ENTRIES] = "Into the kernel",  [PROCESSES] = "From process to process",
        [WINDOWS] = "Memory of others", [FRAMES] = "Page frames",
        [CLOCK_TICKS] = "The clock",    [OTHERS] = "More",
};

static const struct counter {
	const char *text;
	size_t offset;
} counters[] = {
#define COUNTER(name, text) {text, offsetof(struct granite_counters, name)},
        GRANITE_COUNTERS(COUNTER)
#undef COUNTER
};

#define NR_COUNTERS (sizeof(counters) / sizeof(counters[0]))

/* What is not listed here is shown under the last heading. */
static const struct {
	enum group group;
	size_t offset;
} places[] = {
#define PLACE(group, name)                                     \
	{                                                      \
		group, offsetof(struct granite_counters, name) \
	}
        PLACE(ENTRIES, kernel_entries),    PLACE(ENTRIES, ipc_calls),
        PLACE(ENTRIES, kernel_calls),      PLACE(ENTRIES, page_faults),
        PLACE(ENTRIES, exceptions),        PLACE(ENTRIES, syscall_bounces),
        PLACE(ENTRIES, interrupts),        PLACE(PROCESSES, switches),
        PLACE(PROCESSES, cr3_loads),       PLACE(PROCESSES, buffered_deliveries),
        PLACE(PROCESSES, fpu_switches),    PLACE(WINDOWS, windows),
        PLACE(WINDOWS, recovered_faults),  PLACE(WINDOWS, vm_requests),
        PLACE(WINDOWS, tlb_invalidations), PLACE(FRAMES, frames_zeroed),
        PLACE(FRAMES, frames_copied),      PLACE(FRAMES, grant_cow_pages),
        PLACE(FRAMES, grant_mapped_pages), PLACE(FRAMES, grant_unmapped_pages),
        PLACE(CLOCK_TICKS, ticks),         PLACE(CLOCK_TICKS, idle_ticks),
#undef PLACE
};

#define NR_PLACES (sizeof(places) / sizeof(places[0]))

static enum group group_of(const struct counter *counter)
{
	for (size_t i = 0; i < NR_PLACES; i++)
		if (places[i].offset == counter->offset)
			return places[i].group;
	return OTHERS;
}

static uint64_t *value_of(struct granite_counters *all, const struct counter *counter)
{
	return (uint64_t *)((char *)all + counter->offset);
}

static uint64_t value(const struct granite_counters *all, const struct counter *counter)
{
	return *(const uint64_t *)((const char *)all + counter->offset);
}

struct granite_counters report_difference(const struct granite_counters *before,
                                          const struct granite_counters *after)
{
	struct granite_counters moved;
	for (size_t i = 0; i < NR_COUNTERS; i++)
		*value_of(&moved, &counters[i]) = value(after, &counters[i]) - value(before, &counters[i]);
	return moved;
}

/* ---- Groups ---- */

static void print_counter(FILE *out, const struct counter *counter, uint64_t count, uint64_t nsecs)
{
	char text[FORMAT_MAX];
	int column = fprintf(out, "%14s  ", format_count(text, count));
	if (nsecs >= SECOND)
		column += fprintf(out, "%9s  ", format_count(text, count * 1000 / (nsecs / (SECOND / 1000))));
	wrap_line(out, counter->text, column, column, terminal_width());
}

static void print_group(FILE *out, enum group group, const struct granite_counters *moved, uint64_t nsecs,
                        enum report_flag flags)
{
	int shown = 0;
	for (size_t i = 0; i < NR_COUNTERS; i++) {
		uint64_t count = value(moved, &counters[i]);
		if (group_of(&counters[i]) != group || (count == 0 && !(flags & REPORT_ALL)))
			continue;
		if (shown++ == 0)
			fprintf(out, "\n%s\n", group_names[group]);
		print_counter(out, &counters[i], count, nsecs);
	}
}

/* ---- What it means ---- */

static void print_share(FILE *out, uint64_t part, uint64_t whole, const char *what)
{
	char text[FORMAT_MAX];
	if (!whole)
		return;
	int column = fprintf(out, "%s ", format_permille(text, format_share(part, whole)));
	wrap_line(out, what, column, 0, terminal_text_width());
}

static void print_meaning(FILE *out, const struct granite_counters *moved)
{
	fputc('\n', out);
	print_share(out, moved->cr3_loads, moved->switches,
	            "of the switches loaded a page directory: small processes, vm and pm, need none.");
	print_share(out, moved->idle_ticks, moved->ticks, "of the time nobody ran.");
}

void report_print(FILE *out, const struct granite_counters *moved, uint64_t nsecs, enum report_flag flags)
{
	if (nsecs >= SECOND)
		fprintf(out, "%14s %10s\n", "times", "a second");
	for (int group = 0; group < NR_GROUPS; group++)
		print_group(out, (enum group)group, moved, nsecs, flags);
	print_meaning(out, moved);
}

void report_print_raw(FILE *out, const struct granite_counters *moved)
{
#define COUNTER(name, text) fprintf(out, "%s %" PRIu64 "\n", #name, moved->name);
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
}
