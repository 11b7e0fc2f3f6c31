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

static int due;     /* some process may be marked with PROCESS_HANGUP */
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
	for (const struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
		if (p->state != PROCESS_FREE && p->pgid == pgid && is_anchor(p))
			return 0;
	return 1;
}

static int has_stopped_member(int32_t pgid)
{
	for (const struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
		if (process_alive(p) && p->pgid == pgid && (p->flags & PROCESS_STOPPED))
			return 1;
	return 0;
}

static void mark_if_orphaned(int32_t pgid)
{
	if (process_count_stopped() == 0 || !has_stopped_member(pgid) || !jobs_orphaned(pgid))
		return;
	due = 1;
	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
		if (process_alive(p) && p->pgid == pgid)
			p->flags |= PROCESS_HANGUP;
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

static struct process *next_marked(void)
{
	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)
		if (process_alive(p) && (p->flags & PROCESS_HANGUP))
			return p;
	return NULL;
}

void jobs_hang_up(void)
{
	const struct signal_info info = {.code = SI_KERNEL};
	struct process *process;

	if (!due || sending)
		return;
	sending = 1;
	while ((process = next_marked()) != NULL) {
		process->flags &= ~(uint32_t)PROCESS_HANGUP;
		signal_send(process, SIGHUP, &info);
		signal_send(process, SIGCONT, &info);
	}
	due = 0;
	sending = 0;
}
