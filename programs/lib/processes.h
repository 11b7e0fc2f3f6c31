/* SPDX-License-Identifier: MIT */
/*
 * All processes, as the kernel (what it does, how long it ran) and PM (pid, parent, what it waits for) know
 * them. What is in processes.c is pure; take_processes.c asks the two.
 */
#ifndef PROGRAMS_LIB_PROCESSES_H
#define PROGRAMS_LIB_PROCESSES_H

#include <stddef.h>
#include <stdint.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/info.h>
#include <granite/abi/pm.h>

struct process {
	struct proc_info kernel;   /* endpoint NONE: a zombie, of which the name and the time count */
	struct pm_procinfo_rep pm; /* pid 0: a small process, which PM does not know */
	int depth;                 /* in the tree of parents and children */
	int last_child;            /* 1: no sibling follows in the tree */
};

/* Belongs to who took it; processes_free gives it back. */
struct processes {
	struct process *list;
	uint32_t count;
};

/* ---- take_processes.c ---- */

/* All processes, in no order. Ends the program, with a message, if they can't be had. */
void processes_take(struct processes *all);
void processes_free(struct processes *all);

/*
 * The process that `text` names by its pid or label. If there is none, or several, says so in the name of
 * `program` and returns NULL.
 */
const struct process *processes_named(const struct processes *all, const char *text, const char *program);

/* The bytes of memory that a process has, shared pages too; 0: it is gone, or a zombie. */
uint64_t process_memory(const struct process *process);

/* ---- processes.c ---- */

/*
 * Puts together what the kernel told and what PM told, in all->list, which has room for nr_kernel + nr_pm.
 * Who is known to one of them only has come or gone meanwhile, and is left out; but not small processes,
 * which are not PM's, and zombies, which are no more the kernel's.
 */
void processes_merge(struct processes *all, const struct proc_info *kernel, uint32_t nr_kernel,
                     const struct pm_procinfo_rep *pm, uint32_t nr_pm);

/* Sorts: small processes, then each process before its children, by pid. Sets depth and last_child. */
void processes_sort_as_tree(struct processes *all);

const struct process *processes_by_endpoint(const struct processes *all, endpoint_t endpoint);

/* How many processes `text` names, by pid or label; *found is the first of them. Zombies have only a pid. */
uint32_t processes_match(const struct processes *all, const char *text, const struct process **found);

static inline int process_is_zombie(const struct process *process)
{
	return process->kernel.endpoint == NONE;
}

/* VM, PM or RS: the system can't live without it. */
int process_is_core(const struct process *process);

/* `core`; `service`: RS looks after it; `program`. */
const char *process_kind(const struct process *process);

#define PROCESS_PID_MAX 12

/* The pid, five columns wide; for a small process a dash. */
const char *process_pid(const struct process *process, char text[PROCESS_PID_MAX]);

#define PROCESS_WORDS_MAX 64

/* What the process does or waits for, in words, at most PROCESS_WORDS_MAX bytes; `self` is who asks. */
const char *process_words(const struct processes *all, const struct process *process, endpoint_t self,
                          char *text);

#define PROCESS_BRANCH_MAX 64

/* The label with lines that show where in the tree it is: at most `width` columns, and PROCESS_BRANCH_MAX. */
const char *process_branch(const struct processes *all, const struct process *process, int width, char *text);

#endif
