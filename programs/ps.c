/* SPDX-License-Identifier: MIT */
/* Lists the processes. */
#include <inttypes.h>
#include <unistd.h>
#include <granite/sys.h>

#include "lib/format.h"
#include "lib/processes.h"
#include "lib/usage.h"

#define USAGE "ps [-l]"
#define HELP                                                                                             \
	"Lists all processes, each below its parent.\n"                                                  \
	"  PID       its number, for kill; vm and pm have none, nobody can kill them\n"                  \
	"  KIND      core: the system ends with it; service: started anew when it dies;\n"               \
	"            program: everything else\n"                                                         \
	"  MEMORY    all it has; pages that it shares with others count in full\n"                       \
	"  TIME      how long it has run, in steps of 10 ms\n"                                           \
	"-l tells what a developer wants to know: endpoint, priority (0 is the most urgent), privilege " \
	"set,\n"                                                                                         \
	"process group, session, where it last entered the kernel (PC) and its stack pointer (SP)."

#define BRANCH_WIDTH 21

static void print_pid(const struct process *process)
{
	if (process->pm.pid > 0)
		printf("%5d ", process->pm.pid);
	else
		printf("    - ");
}

static void print_memory(const struct process *process)
{
	char text[FORMAT_MAX];
	uint64_t bytes = process_memory(process);
	printf(" %8s", bytes ? format_bytes(text, bytes) : "-");
}

static void print_short(const struct processes *all, const struct process *process, endpoint_t self)
{
	char branch[PROCESS_BRANCH_MAX], time[FORMAT_MAX], words[PROCESS_WORDS_MAX];
	print_pid(process);
	printf("%-*s %-7s", BRANCH_WIDTH, process_branch(all, process, BRANCH_WIDTH, branch),
	       process_kind(process));
	print_memory(process);
	printf(" %8s  %s\n", format_time(time, process->kernel.user_nsecs),
	       process_words(all, process, self, words));
}

static void print_long(const struct process *process)
{
	const struct proc_info *kernel = &process->kernel;
	print_pid(process);
	printf("%-15s ", kernel->name);
	if (process_is_zombie(process))
		printf("%9s %4s %4s", "-", "-", "-");
	else
		printf("%9d %4" PRIu32 " %4" PRIu32, kernel->endpoint, kernel->priority, kernel->priv_id);
	printf(" %5d %5d  %08" PRIx32 "  %08" PRIx32 "\n", process->pm.pgid, process->pm.sid, kernel->pc,
	       kernel->sp);
}

int main(int argc, char **argv)
{
	struct processes all;
	int is_long = argc == 2 && strcmp(argv[1], "-l") == 0;
	usage_check(argc, argv, 0, 1, USAGE, HELP);
	if (argc == 2 && !is_long)
		usage_fail(USAGE);
	processes_take(&all);
	processes_sort_as_tree(&all);
	puts(is_long ? "  PID PROCESS          ENDPOINT PRIO PRIV  PGID   SID        PC        SP"
	             : "  PID PROCESS               KIND      MEMORY     TIME  WHAT IT DOES");
	for (uint32_t i = 0; i < all.count; i++) {
		if (is_long)
			print_long(&all.list[i]);
		else
			print_short(&all, &all.list[i], sys_self());
	}
	processes_free(&all);
	return 0;
}
