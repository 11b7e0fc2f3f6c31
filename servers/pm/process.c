/* SPDX-License-Identifier: MIT */
/* PM's process table. See process.h. */
#include <assert.h>
#include <string.h>
#include "process.h"

struct process process_table[PROCESSES_MAX];

#define FREE_FOR_RS 16

static struct process *free_list;
static uint32_t free_count;
static struct process *by_slot[ENDPOINT_SLOTS];
static struct process *by_pid[PID_MAX + 1];
static struct process *first_of_group[PID_MAX + 1];

/* How many pids, groups and sessions of the table have this number: 0 and it may be a pid again. */
static uint16_t id_uses[PID_MAX + 1];

static int32_t last_pid;
static uint32_t nr_stopped;

void process_init(void)
{
	memset(by_slot, 0, sizeof(by_slot));
	memset(by_pid, 0, sizeof(by_pid));
	memset(first_of_group, 0, sizeof(first_of_group));
	memset(id_uses, 0, sizeof(id_uses));
	last_pid = 0;
	nr_stopped = 0;
	free_list = NULL;
	free_count = 0;
	for (int i = PROCESSES_MAX - 1; i >= 0; i--) {
		process_table[i].state = PROCESS_FREE;
		process_table[i].next_free = free_list;
		free_list = &process_table[i];
		free_count++;
	}
}

/* There are more numbers than records can use, so one is found. */
static int32_t pid_allocate(void)
{
	do
		last_pid = last_pid == PID_MAX ? PID_RS + 1 : last_pid + 1;
	while (id_uses[last_pid]);
	return last_pid;
}

_Static_assert(PID_MAX > 3 * PROCESSES_MAX + PID_RS, "a free pid exists whenever a record does");

int process_full(const struct process *parent)
{
	return free_count <= (parent->pid == PID_RS ? 0 : FREE_FOR_RS);
}

static void leave_group(struct process *process)
{
	if (process->previous_in_group)
		process->previous_in_group->next_in_group = process->next_in_group;
	else
		first_of_group[process->pgid] = process->next_in_group;
	if (process->next_in_group)
		process->next_in_group->previous_in_group = process->previous_in_group;
	id_uses[process->pgid]--;
	id_uses[process->sid]--;
}

static void enter_group(struct process *process, int32_t pgid, int32_t sid)
{
	struct process *first = first_of_group[pgid];

	process->pgid = pgid;
	process->sid = sid;
	id_uses[pgid]++;
	id_uses[sid]++;
	process->previous_in_group = NULL;
	process->next_in_group = first;
	if (first)
		first->previous_in_group = process;
	first_of_group[pgid] = process;
}

void process_set_group(struct process *process, int32_t pgid, int32_t sid)
{
	leave_group(process);
	enter_group(process, pgid, sid);
}

struct process *process_first_of_group(int32_t pgid)
{
	return pgid < 1 || pgid > PID_MAX ? NULL : first_of_group[pgid];
}

struct process *process_allocate(endpoint_t endpoint)
{
	struct process *process = free_list;

	assert(process);
	free_list = process->next_free;
	free_count--;
	memset(process, 0, sizeof(*process));
	process->state = PROCESS_ALIVE;
	process->endpoint = endpoint;
	process->pid = pid_allocate();
	by_slot[ENDPOINT_SLOT(endpoint)] = process;
	by_pid[process->pid] = process;
	id_uses[process->pid]++;
	enter_group(process, process->pid, process->pid);
	return process;
}

static void forget_endpoint(struct process *process)
{
	if (process->state == PROCESS_ALIVE)
		by_slot[ENDPOINT_SLOT(process->endpoint)] = NULL;
	process->endpoint = NONE;
}

void process_free(struct process *process)
{
	assert(process->state != PROCESS_FREE && !process->first_child);
	assert(!timer_queued(&process->deadline) && !timer_queued(&process->alarm));
	forget_endpoint(process);
	process_set_parent(process, NULL);
	by_pid[process->pid] = NULL;
	id_uses[process->pid]--;
	leave_group(process);
	process->state = PROCESS_FREE;
	process->next_free = free_list;
	free_list = process;
	free_count++;
}

struct process *process_by_endpoint(endpoint_t endpoint)
{
	struct process *process = endpoint < 0 ? NULL : by_slot[ENDPOINT_SLOT(endpoint)];

	return process && process->endpoint == endpoint ? process : NULL;
}

struct process *process_by_pid(int32_t pid)
{
	return pid < 1 || pid > PID_MAX ? NULL : by_pid[pid];
}

/* ---- Parents and children ---- */

static int is_news(const struct process *process)
{
	return process->state == PROCESS_ZOMBIE || process->event != EVENT_NONE;
}

/* Puts it at the end of its parent's news. */
static void have_news(struct process *process)
{
	struct process *parent = process->parent;

	if (!parent || !is_news(process))
		return;
	process->next_news = NULL;
	process->previous_news = parent->last_news;
	if (parent->last_news)
		parent->last_news->next_news = process;
	else
		parent->first_news = process;
	parent->last_news = process;
}

static void forget_news(struct process *process)
{
	struct process *parent = process->parent;

	if (!parent || !is_news(process))
		return;
	if (process->previous_news)
		process->previous_news->next_news = process->next_news;
	else
		parent->first_news = process->next_news;
	if (process->next_news)
		process->next_news->previous_news = process->previous_news;
	else
		parent->last_news = process->previous_news;
}

void process_set_event(struct process *process, enum process_event event)
{
	forget_news(process);
	process->event = event;
	have_news(process);
}

void process_bury(struct process *process)
{
	assert(process_alive(process));
	process_set_stopped(process, 0);
	forget_endpoint(process);
	forget_news(process);
	process->state = PROCESS_ZOMBIE;
	process->event = EVENT_NONE;
	have_news(process);
}

static void unlink_from_parent(struct process *process)
{
	struct process *parent = process->parent;

	if (!parent)
		return;
	if (process->previous_sibling)
		process->previous_sibling->next_sibling = process->next_sibling;
	else
		parent->first_child = process->next_sibling;
	if (process->next_sibling)
		process->next_sibling->previous_sibling = process->previous_sibling;
	else
		parent->last_child = process->previous_sibling;
	process->next_sibling = process->previous_sibling = NULL;
}

void process_set_parent(struct process *process, struct process *parent)
{
	forget_news(process);
	unlink_from_parent(process);
	process->parent = parent;
	have_news(process);
	if (!parent)
		return;
	process->previous_sibling = parent->last_child;
	if (parent->last_child)
		parent->last_child->next_sibling = process;
	else
		parent->first_child = process;
	parent->last_child = process;
}

void process_set_stopped(struct process *process, int stopped)
{
	if (stopped && !(process->flags & PROCESS_STOPPED))
		nr_stopped++;
	if (!stopped && (process->flags & PROCESS_STOPPED))
		nr_stopped--;
	process->flags =
	        stopped ? process->flags | PROCESS_STOPPED : process->flags & ~(uint32_t)PROCESS_STOPPED;
}

uint32_t process_count_stopped(void)
{
	return nr_stopped;
}
