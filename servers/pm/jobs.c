/* SPDX-License-Identifier: MIT */
/*
 * Orphaned process groups (POSIX, General Concepts): a group none of whose members has a parent in another
 * group of the same session. Nobody is left to continue such a group, so when one comes about by an exit and
 * a member is stopped, all members get SIGHUP and SIGCONT.
 *
 * That may kill members, whose exit may orphan further groups, and so on along a chain that hostile processes
 * can make long. So what is due is marked first, and sent by one loop that is never entered twice.
 */
#include "pm.h"

/*
 * A ring of the pids marked with PROCESS_HANGUP, first come first served. Nobody is in it twice, and no pid
 * is given away before it is empty again.
 */
static int32_t due[PROCESSES_MAX];
static uint32_t first_due, nr_due;

static int sending; /* jobs_hang_up is under way */

/* Whether this member's parent keeps the group from being orphaned. */
static int is_anchor(const struct process *member)
{
	const struct process *parent = member->parent;

	return process_alive(member) && parent && process_alive(parent) && parent->pgid != member->pgid &&
	       parent->sid == member->sid;
}

int jobs_orphaned(int32_t pgid)
{
	for (const struct process *p = process_first_of_group(pgid); p; p = p->next_in_group)
		if (is_anchor(p))
			return 0;
	return 1;
}

static int has_stopped_member(int32_t pgid)
{
	for (const struct process *p = process_first_of_group(pgid); p; p = p->next_in_group)
		if (process_alive(p) && (p->flags & PROCESS_STOPPED))
			return 1;
	return 0;
}

static void mark(struct process *process)
{
	if (process->flags & PROCESS_HANGUP)
		return;
	process->flags |= PROCESS_HANGUP;
	due[(first_due + nr_due++) % PROCESSES_MAX] = process->pid;
}

static void mark_if_orphaned(int32_t pgid)
{
	if (process_count_stopped() == 0 || !has_stopped_member(pgid) || !jobs_orphaned(pgid))
		return;
	for (struct process *p = process_first_of_group(pgid); p; p = p->next_in_group)
		if (process_alive(p))
			mark(p);
}

void jobs_leave(const struct process *process)
{
	const struct process *parent = process->parent;

	/* It anchored its own group: to its parent. */
	if (parent && parent->pgid != process->pgid && parent->sid == process->sid)
		mark_if_orphaned(process->pgid);
	/* And it anchored its children's groups: to itself. */
	for (const struct process *child = process->first_child; child; child = child->next_sibling)
		if (child->pgid != process->pgid && child->sid == process->sid)
			mark_if_orphaned(child->pgid);
}

/* The next that is due and lives still; NULL: none. */
static struct process *next_marked(void)
{
	while (nr_due) {
		struct process *process = process_by_pid(due[first_due]);

		first_due = (first_due + 1) % PROCESSES_MAX;
		nr_due--;
		if (process && process_alive(process))
			return process;
	}
	return NULL;
}

void jobs_hang_up(void)
{
	const struct signal_info info = {.code = SI_KERNEL};
	struct process *process;

	if (sending)
		return;
	sending = 1;
	while ((process = next_marked()) != NULL) {
		process->flags &= ~(uint32_t)PROCESS_HANGUP;
		signal_send(process, SIGHUP, &info);
		signal_send(process, SIGCONT, &info);
	}
	sending = 0;
}
