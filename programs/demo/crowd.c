/* SPDX-License-Identifier: MIT */
/* Hundreds of processes come and go, and every page is accounted for. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/format.h"
#include "demo.h"

#define AT_ONCE   100 /* fewer, where memory does not suffice */
#define ROUNDS    3
#define OWN_BYTES 65536

static pid_t pids[AT_ONCE];

/* What a process does that is one of many: it uses some memory, and waits for its end. */
static _Noreturn void be_one_of_many(void)
{
	char *own = malloc(OWN_BYTES);
	if (own)
		memset(own, 1, OWN_BYTES);
	for (;;)
		(void)pause();
}

/* Returns how many there are then. */
static int start_all(void)
{
	int count = 0;
	for (; count < AT_ONCE; count++) {
		pids[count] = fork();
		if (pids[count] == 0)
			be_one_of_many();
		if (pids[count] < 0)
			break;
	}
	return count;
}

/* By SIGTERM, which asks, or by SIGKILL, which does not. */
static void end_all(int count)
{
	for (int i = 0; i < count; i++)
		(void)kill(pids[i], i % 2 ? SIGTERM : SIGKILL);
	for (int i = 0; i < count; i++)
		(void)look_wait(pids[i]);
}

static uint32_t nr_processes(void)
{
	struct processes all;
	processes_take(&all);
	uint32_t count = all.count;
	processes_free(&all);
	return count;
}

/* One round. Returns how many processes it started. */
static int come_and_go(int round)
{
	char size[FORMAT_MAX];
	struct vm_info_rep before = look_at_memory();
	int count = start_all();
	struct vm_info_rep now = look_at_memory();
	show("round %d: %d started, %u processes in all, with %s", round, count, (unsigned)nr_processes(),
	     format_pages(size, look_free_pages(&before) - look_free_pages(&now)));
	end_all(count);
	return count;
}

static void print_account(const struct vm_info_rep *before, const struct vm_info_rep *after)
{
	char then[FORMAT_MAX], now[FORMAT_MAX];
#define ACCOUNT(name, text) \
	show("%10s %10s  %s", format_pages(then, before->name), format_pages(now, after->name), text);
	show("%10s %10s", "before", "now");
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
}

static uint32_t sum_of(const struct vm_info_rep *memory)
{
	uint32_t sum = 0;
#define ACCOUNT(name, text) sum += memory->name;
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
	return sum;
}

void part_crowd(void)
{
	int started = 0;
	say("A system that loses a page now and then dies of it one day. Here %d times up to %d processes "
	    "are "
	    "started, each takes some memory, and all are ended. vm, the memory server, keeps an account of "
	    "every page of the machine: it must be the same afterwards.",
	    ROUNDS, AT_ONCE);
	uint32_t processes = nr_processes();
	struct vm_info_rep before = look_at_memory();
	for (int round = 1; round <= ROUNDS; round++)
		started += come_and_go(round);
	struct vm_info_rep after = look_at_memory();
	print_account(&before, &after);
	claim(started >= ROUNDS, "%d processes were started, and all have ended", started);
	claim(nr_processes() == processes, "there are %u processes, as before", (unsigned)processes);
	claim(sum_of(&after) == after.total && after.total == before.total,
	      "the parts add up to all the machine's %u pages", (unsigned)after.total);
	claim(look_free_pages(&after) == look_free_pages(&before) && after.process == before.process,
	      "not one page is missing");
}
