/* SPDX-License-Identifier: MIT */
/* What can be said of processes once they are known. See processes.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processes.h"

/* ---- Two tables become one ---- */

static const struct pm_procinfo_rep *known_to_pm(const struct pm_procinfo_rep *pm, uint32_t nr_pm,
                                                 endpoint_t endpoint)
{
	for (uint32_t i = 0; i < nr_pm; i++)
		if (pm[i].endpoint == endpoint)
			return &pm[i];
	return NULL;
}

static void add_living(struct processes *all, const struct proc_info *kernel,
                       const struct pm_procinfo_rep *pm)
{
	struct process *process = &all->list[all->count++];
	*process = (struct process){.kernel = *kernel};
	if (pm)
		process->pm = *pm;
}

static void add_zombie(struct processes *all, const struct pm_procinfo_rep *pm)
{
	struct process *process = &all->list[all->count++];
	*process = (struct process){.pm = *pm, .kernel = {.endpoint = NONE, .user_nsecs = pm->user_nsecs}};
	memcpy(process->kernel.name, pm->name, sizeof(process->kernel.name));
}

void processes_merge(struct processes *all, const struct proc_info *kernel, uint32_t nr_kernel,
                     const struct pm_procinfo_rep *pm, uint32_t nr_pm)
{
	all->count = 0;
	for (uint32_t i = 0; i < nr_kernel; i++) {
		const struct pm_procinfo_rep *found = known_to_pm(pm, nr_pm, kernel[i].endpoint);
		if (kernel[i].endpoint != NONE && (found || kernel[i].small))
			add_living(all, &kernel[i], found);
	}
	for (uint32_t i = 0; i < nr_pm; i++)
		if (pm[i].endpoint == NONE)
			add_zombie(all, &pm[i]);
}

/* ---- Finding ---- */

const struct process *processes_by_endpoint(const struct processes *all, endpoint_t endpoint)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->list[i].kernel.endpoint == endpoint && endpoint != NONE)
			return &all->list[i];
	return NULL;
}

static int is_named(const struct process *process, const char *text, long pid)
{
	if (pid > 0)
		return process->pm.pid == pid;
	return !process_is_zombie(process) && strcmp(process->kernel.name, text) == 0;
}

uint32_t processes_match(const struct processes *all, const char *text, const struct process **found)
{
	char *end;
	long pid = strtol(text, &end, 10);
	uint32_t count = 0;
	if (*end != '\0')
		pid = 0;
	for (uint32_t i = 0; i < all->count; i++) {
		if (!is_named(&all->list[i], text, pid))
			continue;
		if (count++ == 0)
			*found = &all->list[i];
	}
	return count;
}

/* ---- The tree ---- */

#define NOT_PLACED (-1)

static int by_pid(const void *a, const void *b)
{
	const struct process *left = a, *right = b;
	if (left->pm.pid != right->pm.pid)
		return left->pm.pid < right->pm.pid ? -1 : 1;
	return left->kernel.endpoint < right->kernel.endpoint
	               ? -1
	               : left->kernel.endpoint > right->kernel.endpoint;
}

static int is_parent(const struct process *process, const struct process *child)
{
	return process->pm.pid != 0 && child->pm.ppid == process->pm.pid;
}

/* Puts a process, and then its children, at the end of `to`. */
static void place(struct processes *from, struct process *process, int depth, struct processes *to)
{
	uint32_t last = 0;
	process->depth = depth;
	to->list[to->count++] = *process;
	for (uint32_t i = 0; i < from->count; i++) {
		struct process *child = &from->list[i];
		if (child->depth != NOT_PLACED || !is_parent(process, child))
			continue;
		last = to->count;
		place(from, child, depth + 1, to);
	}
	if (last)
		to->list[last].last_child = 1;
}

static int has_parent(const struct processes *all, const struct process *child)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (is_parent(&all->list[i], child))
			return 1;
	return 0;
}

/* The list is not of one moment: a process may have no parent in it, or be its own grandparent. Those are
 * roots. */
static void place_all(struct processes *from, struct processes *to)
{
	for (int orphans = 0; orphans <= 1; orphans++)
		for (uint32_t i = 0; i < from->count; i++)
			if (from->list[i].depth == NOT_PLACED &&
			    (orphans || !has_parent(from, &from->list[i])))
				place(from, &from->list[i], 0, to);
}

void processes_sort_as_tree(struct processes *all)
{
	struct processes tree = {malloc((all->count + 1) * sizeof(tree.list[0])), 0};
	if (!tree.list)
		return;
	qsort(all->list, all->count, sizeof(all->list[0]), by_pid);
	for (uint32_t i = 0; i < all->count; i++) {
		all->list[i].depth = NOT_PLACED;
		all->list[i].last_child = 0;
	}
	place_all(all, &tree);
	memcpy(all->list, tree.list, all->count * sizeof(tree.list[0]));
	free(tree.list);
}

/* ---- Words ---- */

int process_is_core(const struct process *process)
{
	endpoint_t endpoint = process->kernel.endpoint;
	return endpoint == VM_PROC_NR || endpoint == PM_PROC_NR || endpoint == RS_PROC_NR;
}

const char *process_kind(const struct process *process)
{
	if (process_is_core(process))
		return "core";
	return process->pm.flags & PM_PROC_SERVICE ? "service" : "program";
}

const char *process_pid(const struct process *process, char text[PROCESS_PID_MAX])
{
	if (process->pm.pid > 0)
		snprintf(text, PROCESS_PID_MAX, "%5d", process->pm.pid);
	else
		snprintf(text, PROCESS_PID_MAX, "%5s", "-");
	return text;
}

static const char *name_of(const struct processes *all, endpoint_t endpoint)
{
	const struct process *process = processes_by_endpoint(all, endpoint);
	if (endpoint == ANY)
		return "a message";
	if (endpoint == HARDWARE)
		return "an interrupt";
	if (endpoint == CLOCK)
		return "the clock";
	return process ? process->kernel.name : "somebody gone";
}

static const char *const wait_words[] = {
#define WAIT(NAME, text) [NAME] = (text),
        PM_WAITS(WAIT)
#undef WAIT
};

#define NR_WAITS (sizeof(wait_words) / sizeof(wait_words[0]))

static int waits_in_pm(const struct process *process)
{
	return process->kernel.blocked_on == PM_PROC_NR && process->pm.waits != WAITS_NOT &&
	       process->pm.waits < NR_WAITS;
}

/* Why a process does not run, the reason that counts first. */
static const char *fixed_words(const struct process *process, endpoint_t self)
{
	uint32_t flags = process->kernel.rts_flags;
	if (process_is_zombie(process))
		return "has ended (zombie)";
	if (flags & RTS_STOPPED || process->pm.flags & PM_PROC_STOPPED)
		return "stopped";
	if (flags & RTS_NO_IMAGE)
		return "is being made";
	if (flags & RTS_EXCEPTION)
		return "has failed, pm sees to it";
	if (flags & (RTS_PAGEFAULT | RTS_VMREQUEST))
		return "waits for memory";
	if (flags == 0)
		return process->kernel.endpoint == self ? "runs" : "ready to run";
	if (!(flags & RTS_SENDING) && waits_in_pm(process))
		return wait_words[process->pm.waits];
	return NULL;
}

const char *process_words(const struct processes *all, const struct process *process, endpoint_t self,
                          char *text)
{
	const char *fixed = fixed_words(process, self);
	const char *peer = name_of(all, process->kernel.blocked_on);
	if (fixed)
		snprintf(text, PROCESS_WORDS_MAX, "%s", fixed);
	else if (process->kernel.rts_flags & RTS_SENDING)
		snprintf(text, PROCESS_WORDS_MAX, "wants to send to %s", peer);
	else
		snprintf(text, PROCESS_WORDS_MAX, "waits for %s", peer);
	return text;
}

/* ---- Branches ---- */

#define BRANCH     3 /* columns for each level of the tree */
#define NAME_LEAST 8 /* columns of the name that are shown however deep in the tree it is */

/* The ancestor at that depth, which stands before the process in the tree. */
static const struct process *ancestor(const struct processes *all, const struct process *process, int depth)
{
	while (process > all->list && process->depth > depth)
		process--;
	return process;
}

const char *process_branch(const struct processes *all, const struct process *process, int width, char *text)
{
	char lines[PROCESS_BRANCH_MAX - PROC_NAME_MAX] = "";
	int room = width < (int)sizeof(lines) ? width : (int)sizeof(lines);
	int levels = (room - NAME_LEAST) / BRANCH;
	int first = process->depth > levels ? process->depth - levels + 1 : 1;
	for (int depth = first; depth < process->depth; depth++)
		strcat(lines, ancestor(all, process, depth)->last_child ? "   " : "|  ");
	if (process->depth > 0)
		strcat(lines, process->last_child ? "`- " : "|- ");
	snprintf(text, PROCESS_BRANCH_MAX, "%s%s", lines, process->kernel.name);
	if (width < PROCESS_BRANCH_MAX)
		text[width] = '\0';
	return text;
}
