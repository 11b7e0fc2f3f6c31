/* SPDX-License-Identifier: MIT */
/* What `top` shows. See view.h. */
#include <inttypes.h>
#include <stdlib.h>

#include "../lib/colours.h"
#include "../lib/format.h"
#include "view.h"

#define SECOND     1000000000ull
#define BAR        25 /* columns that stand for all */
#define HEAD_LINES 6
#define NO_TIME    0

/* ---- Since the moment before ---- */

static const struct process *same_process(const struct moment *moment, const struct process *process)
{
	for (uint32_t i = 0; i < moment->all.count; i++) {
		const struct process *other = &moment->all.list[i];
		if (other->kernel.endpoint == process->kernel.endpoint && other->pm.pid == process->pm.pid)
			return other;
	}
	return NULL;
}

/* A zombie does not run: its time was counted while it lived, or never will be. */
uint64_t view_ran(const struct moment *before, const struct process *process)
{
	const struct process *then = same_process(before, process);
	uint64_t earlier = then ? then->kernel.user_nsecs : 0;

	if (process_is_zombie(process) || process->kernel.user_nsecs < earlier)
		return NO_TIME;
	return process->kernel.user_nsecs - earlier;
}

uint64_t view_rate(uint64_t count, uint64_t nsecs)
{
	uint64_t msecs = nsecs / (SECOND / 1000);

	return msecs ? (count * 1000 + msecs / 2) / msecs : 0;
}

static uint64_t elapsed(const struct view *view)
{
	return view->now->uptime - view->before->uptime;
}

/* ---- Order ---- */

struct place {
	uint32_t index;
	int pid;
	uint64_t first, second; /* what it is sorted by: more comes first */
};

static int compare(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->first != right->first)
		return left->first > right->first ? -1 : 1;
	if (left->second != right->second)
		return left->second > right->second ? -1 : 1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

/* Who has run just as long in the interval is sorted by the time since its start. */
static struct place place_of(const struct view *view, uint32_t index)
{
	const struct process *process = &view->now->all.list[index];
	struct place place = {.index = index, .pid = process->pm.pid};

	if (view->order == BY_CPU) {
		place.first = view_ran(view->before, process);
		place.second = process->kernel.user_nsecs;
	} else if (view->order == BY_MEMORY) {
		place.first = view->now->bytes[index];
	}
	return place;
}

int view_sort(const struct view *view, uint32_t *indices)
{
	uint32_t count = view->now->all.count;
	struct place *places = malloc((count + 1) * sizeof(places[0]));

	if (!places)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		places[i] = place_of(view, i);
	qsort(places, count, sizeof(places[0]), compare);
	for (uint32_t i = 0; i < count; i++)
		indices[i] = places[i].index;
	free(places);
	return 0;
}

/* ---- The head ---- */

static const char *colour(const struct view *view, const char *sequence)
{
	return view->coloured ? sequence : "";
}

static void print_bar(FILE *out, const struct view *view, const char *sequence, uint64_t part, uint64_t whole)
{
	char bar[FORMAT_MAX];

	format_bar(bar, part, whole, BAR);
	fprintf(out, "[%s%-*s%s]", colour(view, sequence), BAR, bar, colour(view, COLOUR_END));
}

static void print_title(FILE *out, const struct view *view)
{
	char time[FORMAT_MAX];
	uint32_t ready = 0;

	for (uint32_t i = 0; i < view->now->all.count; i++)
		ready += !process_is_zombie(&view->now->all.list[i]) &&
		         view->now->all.list[i].kernel.rts_flags == 0;
	fprintf(out, "%sGranite, up %s.%s ", colour(view, COLOUR_BOLD), format_time(time, view->now->uptime),
	        colour(view, COLOUR_END));
	fprintf(out, "%" PRIu32 " processes, %" PRIu32 " of them running or ready to run.\n",
	        view->now->all.count, ready);
}

static void print_processor(FILE *out, const struct view *view)
{
	const struct granite_counters *now = &view->now->counters, *before = &view->before->counters;
	uint64_t ticks = now->ticks - before->ticks, idle = now->idle_ticks - before->idle_ticks;
	char busy_text[FORMAT_MAX], idle_text[FORMAT_MAX], time[FORMAT_MAX];
	uint64_t busy = idle < ticks ? ticks - idle : 0;

	fprintf(out, "Processor  ");
	print_bar(out, view, COLOUR_YELLOW, busy, ticks);
	fprintf(out, " %s busy, %s idle", format_permille(busy_text, format_share(busy, ticks)),
	        format_permille(idle_text, ticks ? 1000 - format_share(busy, ticks) : 0));
	fprintf(out, "%s%s\n", view->before->uptime ? ", last " : " since the start",
	        view->before->uptime ? format_time(time, elapsed(view)) : "");
}

static void print_memory(FILE *out, const struct view *view)
{
	const struct vm_info_rep *memory = &view->now->memory;
	uint32_t left = memory->free + memory->pool_free;
	char free_text[FORMAT_MAX], total_text[FORMAT_MAX];

	fprintf(out, "Memory     ");
	print_bar(out, view, COLOUR_CYAN, memory->total - left, memory->total);
	fprintf(out, " %s free of %s\n", format_pages(free_text, left),
	        format_pages(total_text, memory->total));
}

static void print_rates(FILE *out, const struct view *view)
{
	const struct granite_counters *now = &view->now->counters, *before = &view->before->counters;
	char entries[FORMAT_MAX], loads[FORMAT_MAX], faults[FORMAT_MAX], switches[FORMAT_MAX];

#define RATE(text, name) format_count(text, view_rate(now->name - before->name, elapsed(view)))
	fprintf(out, "A second   %s entries, %s switches, %s CR3 loads, %s page faults\n",
	        RATE(entries, kernel_entries), RATE(switches, switches), RATE(loads, cr3_loads),
	        RATE(faults, page_faults));
#undef RATE
}

/* ---- The processes ---- */

static void print_process(FILE *out, const struct view *view, uint32_t index)
{
	const struct process *process = &view->now->all.list[index];
	uint32_t share = format_share(view_ran(view->before, process), elapsed(view));
	char pid[PROCESS_PID_MAX], cpu[FORMAT_MAX], time[FORMAT_MAX], memory[FORMAT_MAX];
	char words[PROCESS_WORDS_MAX];

	fprintf(out, "%s %-15s %6s %8s %8s  %s\n", process_pid(process, pid), process->kernel.name,
	        share ? format_permille(cpu, share) : "-",
	        view->now->bytes[index] ? format_bytes(memory, view->now->bytes[index]) : "-",
	        format_time(time, process->kernel.user_nsecs),
	        process_words(&view->now->all, process, view->self, words));
}

static void print_processes(FILE *out, const struct view *view, unsigned room)
{
	uint32_t count = view->now->all.count;
	uint32_t *indices = malloc((count + 1) * sizeof(indices[0]));
	uint32_t shown = room && count > room ? room - 1 : count;

	if (indices && view_sort(view, indices) == 0) {
		for (uint32_t i = 0; i < shown; i++)
			print_process(out, view, indices[i]);
		if (shown < count)
			fprintf(out, "      and %" PRIu32 " more\n", count - shown);
	}
	free(indices);
}

void view_print(FILE *out, const struct view *view)
{
	unsigned lines = HEAD_LINES;

	print_title(out, view);
	print_processor(out, view);
	print_memory(out, view);
	print_rates(out, view);
	fprintf(out, "%s\n", view->keys ? view->keys : "");
	fprintf(out, "%s  PID PROCESS            CPU   MEMORY     TIME  %-31s%s\n",
	        colour(view, COLOUR_INVERSE), "WHAT IT DOES", colour(view, COLOUR_END));
	print_processes(out, view, view->rows > lines + 1 ? view->rows - lines : view->rows ? 2 : 0);
}
