/* SPDX-License-Identifier: MIT */
/* Asks kernel and PM for all processes. See processes.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/pm.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "grow.h"
#include "processes.h"

static _Noreturn void give_up(const char *what, int result)
{
	fprintf(stderr, "no list of processes: %s: %s\n", what, strerror(-result));
	exit(1);
}

/* Room for one more, or the program's end. */
static void *grown(void *list, uint32_t count, size_t bytes)
{
	list = grow(list, count, bytes);
	if (!list)
		give_up("memory", -ENOMEM);
	return list;
}

/* The kernel tells of some slots at once, free ones too. */
static struct proc_info *take_from_kernel(uint32_t *count)
{
	struct proc_info slots[16], *list = NULL;
	uint32_t first = 0;
	int bytes;
	*count = 0;
	while ((bytes = sys_getinfo(GET_PROCTAB, slots, sizeof(slots), first)) > 0) {
		uint32_t told = (uint32_t)bytes / sizeof(slots[0]);
		for (uint32_t i = 0; i < told; i++) {
			if (slots[i].endpoint == NONE)
				continue;
			list = grown(list, *count, sizeof(*list));
			list[(*count)++] = slots[i];
		}
		first += told;
	}
	if (bytes < 0)
		give_up("the kernel", bytes);
	return list;
}

static struct pm_procinfo_rep *take_from_pm(uint32_t *count)
{
	struct pm_procinfo_rep info, *list = NULL;
	uint32_t index = 0;
	int result;
	*count = 0;
	while ((result = pm_procinfo(index, &info)) == OK) {
		list = grown(list, *count, sizeof(*list));
		list[(*count)++] = info;
		index = info.next;
	}
	if (result != -ENOENT)
		give_up("pm", result);
	return list;
}

void processes_take(struct processes *all)
{
	uint32_t nr_kernel, nr_pm;
	struct pm_procinfo_rep *pm = take_from_pm(&nr_pm);
	struct proc_info *kernel = take_from_kernel(&nr_kernel);
	all->list = malloc((nr_kernel + nr_pm + 1) * sizeof(all->list[0]));
	if (!all->list)
		give_up("memory", -ENOMEM);
	processes_merge(all, kernel, nr_kernel, pm, nr_pm);
	free(kernel);
	free(pm);
}

void processes_free(struct processes *all)
{
	free(all->list);
	*all = (struct processes){NULL, 0};
}

uint64_t process_memory(const struct process *process)
{
	struct vm_procinfo_rep memory;
	if (process_is_zombie(process))
		return 0;
	if (process->kernel.small)
		return process->kernel.segment_bytes;
	if (vm_procinfo(process->kernel.endpoint, &memory) != OK)
		return 0;
	return (uint64_t)memory.resident * PAGE_SIZE;
}

static void tell_several(const struct processes *all, const char *text, const char *program)
{
	fprintf(stderr, "%s: several processes are called %s; say which by its number:", program, text);
	for (uint32_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].kernel.name, text) == 0 && !process_is_zombie(&all->list[i]))
			fprintf(stderr, " %d", all->list[i].pm.pid);
	fputc('\n', stderr);
}

const struct process *processes_named(const struct processes *all, const char *text, const char *program)
{
	const struct process *found = NULL;
	switch (processes_match(all, text, &found)) {
	case 0:
		fprintf(stderr, "%s: no such process: %s; `ps` lists them\n", program, text);
		return NULL;
	case 1:
		return found;
	default:
		tell_several(all, text, program);
		return NULL;
	}
}
