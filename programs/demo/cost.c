/* SPDX-License-Identifier: MIT */
/* What the system's elementary operations cost, measured by its own counters and clock. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <granite/abi/layout.h>
#include <granite/pm.h>
#include <granite/sys.h>

#include "demo.h"

#define TIMES      1000
#define FORK_TIMES 20
#define ROUNDS     3 /* of which the quickest counts: an interrupt makes a round longer, never shorter */

/* ---- The operations, each done so many times ---- */

static void call_kernel_so_often(uint32_t times)
{
	for (uint32_t i = 0; i < times; i++)
		if (sys_self() < 0)
			look_give_up("a kernel call", -EIO);
}

static void ask_pm(uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		union pm_getid_message call = {.req = {.pid = 0}};
		if (pm_getid_call(&call) != OK)
			look_give_up("a message to pm", -EIO);
	}
}

static void ask_console(uint32_t times)
{
	struct termios modes;
	for (uint32_t i = 0; i < times; i++)
		(void)tcgetattr(STDIN_FILENO, &modes);
}

static void touch_pages(uint32_t times)
{
	char *pages =
	        mmap(NULL, times * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		look_give_up("memory", -errno);
	for (uint32_t i = 0; i < times; i++)
		pages[i * PAGE_SIZE] = 1;
	munmap(pages, times * PAGE_SIZE);
}

static void fork_so_often(uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		pid_t pid = look_fork();
		if (pid == 0)
			_exit(0);
		(void)look_wait(pid);
	}
}

/* ---- Measuring ---- */

struct cost {
	uint64_t nsecs;
	struct granite_counters before, after;
	uint32_t times;
};

static void measure_once(void (*operation)(uint32_t times), uint32_t times, struct cost *cost)
{
	cost->times = times;
	cost->before = look_at_counters();
	uint64_t start = look_at_clock();
	operation(times);
	cost->nsecs = look_at_clock() - start;
	cost->after = look_at_counters();
}

static struct cost measure(void (*operation)(uint32_t times), uint32_t times)
{
	struct cost best, cost;
	operation(1);
	measure_once(operation, times, &best);
	for (int round = 1; round < ROUNDS; round++) {
		measure_once(operation, times, &cost);
		if (cost.nsecs < best.nsecs)
			best = cost;
	}
	return best;
}

/* How often a counter has moved for each time the operation was done. */
#define EACH(cost, counter) ((double)((cost).after.counter - (cost).before.counter) / (cost).times)

static struct cost print_cost(const char *what, void (*operation)(uint32_t times), uint32_t times)
{
	struct cost cost = measure(operation, times);
	show("%-36s %7.2f us %7.1f %7.1f", what, (double)cost.nsecs / 1000 / times,
	     EACH(cost, kernel_entries), EACH(cost, cr3_loads));
	return cost;
}

/* Interrupts, and who runs meanwhile, add to the counts: a little. */
static int is_about(double value, double expected)
{
	return value > expected - 0.1 && value < expected + 0.5;
}

void part_cost(void)
{
	say("Each is done %u times. ENTRIES is how often the kernel was entered for one, CR3 how often a "
	    "page "
	    "directory was loaded, which makes a processor forget all translations it had learnt. (The times "
	    "are "
	    "those of this machine, real or emulated; `make bench` counts instructions.)",
	    (unsigned)TIMES);
	show("%-36s %10s %7s %7s", "", "TIME", "ENTRIES", "CR3");
	struct cost call = print_cost("a kernel call", call_kernel_so_often, TIMES);
	struct cost pm = print_cost("a message to pm, and its answer", ask_pm, TIMES);
	struct cost console = print_cost("a message to the console's driver", ask_console, TIMES);
	struct cost fault = print_cost("a page fault: a fresh page", touch_pages, TIMES);
	struct cost birth = print_cost("fork, exit and wait", fork_so_often, FORK_TIMES);
	claim(is_about(EACH(call, kernel_calls), 1) && EACH(call, cr3_loads) < 0.5,
	      "a kernel call enters the kernel once, and loads nothing");
	claim(is_about(EACH(pm, ipc_calls), 2) && EACH(pm, cr3_loads) < 0.5,
	      "a message to pm and back takes two entries and no directory: pm has none");
	claim(EACH(console, cr3_loads) > 1.9,
	      "one to a process with memory of its own takes two directories");
	claim(is_about(EACH(fault, page_faults), 1) && EACH(fault, cr3_loads) < 0.5,
	      "vm, too, resolves a page fault without one");
	claim(EACH(birth, frames_copied) > 0,
	      "a fork copies pages only as they are written to: %.0f each time", EACH(birth, frames_copied));
}
