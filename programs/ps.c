/* SPDX-License-Identifier: MIT */
/* Lists the processes. */
#include <inttypes.h>
#include <granite/abi/layout.h>
#include <granite/pm.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "lib/usage.h"

#define PID_MAX 32768 /* no system of this kind counts further */

#define HELP                                                                                   \
	"Lists every process: its number for kill, endpoint, label, priority (0 is the most\n" \
	"urgent), memory, time used, and what it does or waits for."

static struct proc_info processes[ENDPOINT_SLOTS];
static int pids[ENDPOINT_SLOTS]; /* of the process in the slot; 0: it has none */

static void get_processes(void)
{
	int result = sys_getinfo(GET_PROCTAB, processes, sizeof(processes), 0);
	if (result >= 0) {
		for (int slot = result / (int)sizeof(processes[0]); slot < ENDPOINT_SLOTS; slot++)
			processes[slot].endpoint = NONE;
		return;
	}
	fprintf(stderr, "ps: no process table: %s\n", strerror(-result));
	exit(1);
}

static int count_ordinary(void)
{
	int count = 0;
	for (int slot = 0; slot < ENDPOINT_SLOTS; slot++)
		count += processes[slot].endpoint != NONE && !processes[slot].small;
	return count;
}

/* PM tells a process by its number, not the other way round: try them until nobody is missing. */
static void get_pids(void)
{
	int missing = count_ordinary();
	for (int pid = 1; pid <= PID_MAX && missing > 0; pid++) {
		endpoint_t endpoint = pm_endpoint(pid);
		if (endpoint < 0)
			continue;
		pids[ENDPOINT_SLOT(endpoint)] = pid;
		missing--;
	}
}

static const char *name_of(endpoint_t endpoint)
{
	if (endpoint == ANY)
		return "anyone";
	if (endpoint == HARDWARE)
		return "hardware";
	if (endpoint == CLOCK)
		return "clock";
	if (endpoint < 0 || processes[ENDPOINT_SLOT(endpoint)].endpoint != endpoint)
		return "nobody";
	return processes[ENDPOINT_SLOT(endpoint)].name;
}

static void print_state(const struct proc_info *process)
{
	if (process->rts_flags == 0)
		printf("ready");
	const char *separator = "";
#define FLAG(bit, name, text)                    \
	if (process->rts_flags & name) {         \
		printf("%s%s", separator, text); \
		separator = ", ";                \
	}
	GRANITE_RTS_FLAGS(FLAG)
#undef FLAG
	if (process->blocked_on != NONE)
		printf(" %s %s", process->rts_flags & RTS_SENDING ? "to" : "from",
		       name_of(process->blocked_on));
}

/* A small process has no pages of its own: it lives in the kernel's region. */
static void print_memory(const struct proc_info *process)
{
	struct vm_procinfo_rep memory;
	if (process->small)
		printf("   small");
	else if (vm_procinfo(process->endpoint, &memory) == OK)
		printf(" %6uK", memory.resident * (PAGE_SIZE / 1024));
	else
		printf("       -");
}

static void print_process(int slot)
{
	const struct proc_info *process = &processes[slot];
	if (pids[slot] > 0)
		printf("%5d", pids[slot]);
	else
		printf("    -");
	printf(" %9d %-15s %4u", process->endpoint, process->name, process->priority);
	print_memory(process);
	printf(" %8.3f  ", (double)process->user_nsecs / 1e9);
	print_state(process);
	putchar('\n');
}

int main(int argc, char **argv)
{
	usage_check(argc, argv, 0, 0, "ps", HELP);
	get_processes();
	get_pids();
	puts("  PID  ENDPOINT LABEL           PRIO  MEMORY  SECONDS  STATE");
	for (int slot = 0; slot < ENDPOINT_SLOTS; slot++)
		if (processes[slot].endpoint != NONE)
			print_process(slot);
	return 0;
}
