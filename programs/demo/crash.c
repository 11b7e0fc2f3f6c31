/* SPDX-License-Identifier: MIT */
/* Processes crash, and nobody else notices. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/signals.h"
#include "demo.h"

static volatile int *volatile nowhere; /* volatile: the compiler must not know better */
static volatile int nothing;

static void write_nowhere(void)
{
	*nowhere = 1;
}

static void write_over_itself(void)
{
	*(volatile char *)(uintptr_t)write_nowhere = 1;
}

static void divide_by_nothing(void)
{
	nothing = 1000 / nothing;
}

static void run_nonsense(void)
{
	__asm__ volatile("ud2");
}

/* It needs some stack for each turn, and has 8 MiB. */
static int fall(volatile int depth) /* NOLINT(misc-no-recursion) */
{
	volatile char room[1000];
	room[0] = (char)depth;
	return depth < 0 ? 0 : fall(depth + 1) + room[0];
}

static void fall_for_ever(void)
{
	(void)fall(0);
}

static const struct crash {
	const char *what;
	void (*run)(void);
	int signal;
} crashes[] = {
        {"writes where nothing is", write_nowhere, SIGSEGV},
        {"writes over its own instructions", write_over_itself, SIGSEGV},
        {"divides by zero", divide_by_nothing, SIGFPE},
        {"runs what is no instruction", run_nonsense, SIGILL},
        {"calls itself until its stack is full", fall_for_ever, SIGSEGV},
};

#define NR_CRASHES (sizeof(crashes) / sizeof(crashes[0]))

static int ends_by(const struct crash *crash)
{
	pid_t pid = look_fork();
	if (pid == 0) {
		crash->run();
		_exit(0);
	}
	int status = look_wait(pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void part_crash(void)
{
	struct processes before;
	processes_take(&before);
	say("Five processes are started, and each does something that no program should do. The lines in "
	    "brackets are pm's, the process manager's: it sees them die, and reports where each was and "
	    "how it came there; after three of the same program it only counts them.");
	for (size_t i = 0; i < NR_CRASHES; i++) {
		int signal = ends_by(&crashes[i]);
		claim(signal == crashes[i].signal, "who %s is ended, by %s", crashes[i].what,
		      signal ? signal_name(signal) : "nobody");
	}
	claim(look_all_live(&before, NONE),
	      "all %u processes from before live on, drivers and servers among them", (unsigned)before.count);
	processes_free(&before);
}
