/* SPDX-License-Identifier: MIT */
/* What the demo asks the system. See demo.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "demo.h"

void look_give_up(const char *what, int result)
{
	fflush(stdout);
	fprintf(stderr, "demo: %s: %s\n", what, strerror(-result));
	exit(1);
}

struct granite_counters look_at_counters(void)
{
	struct granite_counters counters;
	int result = sys_getinfo(GET_COUNTERS, &counters, sizeof(counters), 0);

	if (result != (int)sizeof(counters))
		look_give_up("no counters", result < 0 ? result : -EIO);
	return counters;
}

struct vm_info_rep look_at_memory(void)
{
	struct vm_info_rep memory;
	int result = vm_info(&memory);

	if (result != OK)
		look_give_up("no account of memory", result);
	return memory;
}

uint64_t look_at_clock(void)
{
	uint64_t uptime;
	int result = sys_clock(&uptime, NULL);

	if (result != OK)
		look_give_up("no clock", result);
	return uptime;
}

uint32_t look_free_pages(const struct vm_info_rep *memory)
{
	return memory->free + memory->pool_free;
}

int look_all_live(const struct processes *all, endpoint_t except)
{
	struct processes now;
	int all_live = 1;

	processes_take(&now);
	for (uint32_t i = 0; i < all->count; i++) {
		const struct process *process = &all->list[i];
		if (process_is_zombie(process) || process->kernel.endpoint == except ||
		    processes_by_endpoint(&now, process->kernel.endpoint))
			continue;
		show("%s has gone", process->kernel.name);
		all_live = 0;
	}
	processes_free(&now);
	return all_live;
}

pid_t look_fork(void)
{
	fflush(stdout);
	pid_t pid = fork();

	if (pid < 0)
		look_give_up("no process can be made", -errno);
	return pid;
}

int look_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid)
		look_give_up("waiting for a process", -errno);
	return status;
}
