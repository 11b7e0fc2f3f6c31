/* SPDX-License-Identifier: MIT */
/* Lists the processes. */
#include <inttypes.h>
#include <unistd.h>
#include <granite/sys.h>

#include "lib/format.h"
#include "lib/processes.h"
#include "lib/terminal.h"
#include "lib/usage.h"

#define ABOUT "shows all processes, and what each does or waits for"

static const struct usage usage = {
        "ps", "[-l]", ABOUT,
        "Each stands below its parent.\n"
        "  PID     its number, for kill; vm and pm have none, nobody can kill them\n"
        "  KIND    core: the system ends with it; service: it is started anew when it dies; "
        "program: everything else\n"
        "  MEMORY  all it has; pages that it shares with others count in full\n"
        "  TIME    how long it has run, in steps of 10 ms\n"
        "  -l      tells what a developer wants to know: endpoint, priority (0 is the most "
        "urgent), privilege set, process group, session, where it last entered the kernel (PC) "
        "and its stack pointer (SP)"};

#define OTHER_COLUMNS 26 /* of a line without the branch, the kind and the words */
#define KIND_COLUMNS  8
#define WORDS_COLUMNS 19 /* "waits for a message" */
#define BRANCH_LEAST  12
#define BRANCH_MOST   21

/* What of a line is shown, by the room there is. */
struct layout {
	int branch; /* columns */
	int kind;   /* is shown */
	int words;  /* columns */
};

static struct layout choose_layout(int width)
{
	struct layout layout = {.branch = BRANCH_MOST, .kind = 1};
	if (width < OTHER_COLUMNS + BRANCH_MOST + KIND_COLUMNS + WORDS_COLUMNS) {
		layout.kind = 0;
		layout.branch = width - OTHER_COLUMNS - WORDS_COLUMNS;
		layout.branch = layout.branch > BRANCH_MOST ? BRANCH_MOST : layout.branch;
		layout.branch = layout.branch < BRANCH_LEAST ? BRANCH_LEAST : layout.branch;
	}
	layout.words = terminal_room(OTHER_COLUMNS + layout.branch + layout.kind * KIND_COLUMNS);
	return layout;
}

/* The line of titles too is made here, so that all columns stand one below the other. */
static void print_columns(const struct layout *layout, const char *pid, const char *branch, const char *kind,
                          const char *memory, const char *time, const char *words)
{
	printf("%5s %-*s", pid, layout->branch, branch);
	if (layout->kind)
		printf(" %-*s", KIND_COLUMNS - 1, kind);
	printf(" %8s %8s  %.*s\n", memory, time, layout->words, words);
}

static void print_short(const struct layout *layout, const struct processes *all,
                        const struct process *process)
{
	char pid[PROCESS_PID_MAX], branch[PROCESS_BRANCH_MAX], memory[FORMAT_MAX], time[FORMAT_MAX];
	char words[PROCESS_WORDS_MAX];
	uint64_t bytes = process_memory(process);
	print_columns(layout, process_pid(process, pid), process_branch(all, process, layout->branch, branch),
	              process_kind(process), bytes ? format_bytes(memory, bytes) : "-",
	              format_time(time, process->kernel.user_nsecs),
	              process_words(all, process, sys_self(), words));
}

static void list_short(const struct processes *all)
{
	struct layout layout = choose_layout(terminal_width());
	print_columns(&layout, "PID", "PROCESS", "KIND", "MEMORY", "TIME", "WHAT IT DOES");
	for (uint32_t i = 0; i < all->count; i++)
		print_short(&layout, all, &all->list[i]);
}

static void print_long(const struct process *process)
{
	const struct proc_info *kernel = &process->kernel;
	char pid[PROCESS_PID_MAX];
	printf("%s %-15s ", process_pid(process, pid), kernel->name);
	if (process_is_zombie(process))
		printf("%9s %4s %4s", "-", "-", "-");
	else
		printf("%9d %4" PRIu32 " %4" PRIu32, kernel->endpoint, kernel->priority, kernel->priv_id);
	printf(" %5d %5d  %08" PRIx32 "  %08" PRIx32 "\n", process->pm.pgid, process->pm.sid, kernel->pc,
	       kernel->sp);
}

static void list_long(const struct processes *all)
{
	puts("  PID PROCESS          ENDPOINT PRIO PRIV  PGID   SID        PC        SP");
	for (uint32_t i = 0; i < all->count; i++)
		print_long(&all->list[i]);
}

int main(int argc, char **argv)
{
	struct processes all;
	int is_long = 0;
	while (usage_option(&usage, argc, argv, "l") != -1)
		is_long = 1;
	if (optind < argc)
		usage_fail(&usage, "'%s' is too much", argv[optind]);
	processes_take(&all);
	processes_sort_as_tree(&all);
	if (is_long)
		list_long(&all);
	else
		list_short(&all);
	processes_free(&all);
	return 0;
}
