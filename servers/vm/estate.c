/* SPDX-License-Identifier: MIT */
/* Estates: what services leave to their successors. See kept.h. */
#include "kept.h"
#include "process.h"
#include "vm.h"

struct space *estates;

/* Takes all away but what lies in the kept range. No region is cut, so that can't fail. */
static void empty_around(struct space *space)
{
	space_unmap(space, 0, KEPT_BASE);
	space_unmap(space, KEPT_END, PROC_SIZE);
	space->heap_start = space->heap_end = PROC_MIN_ADDRESS;
}

void estate_leave(struct space *space)
{
	lendings_end_passed_on(space);
	empty_around(space);
	space->kept->heir = NONE;
	space->kept->next = estates;
	estates = space;
}

static void take_out(struct space *estate)
{
	struct space **place = &estates;

	while (*place != estate)
		place = &(*place)->kept->next;
	*place = estate->kept->next;
	estate->kept->next = NULL;
}

struct space *estate_of_heir(endpoint_t endpoint)
{
	struct space *estate = estates;

	while (estate && estate->kept->heir != endpoint)
		estate = estate->kept->next;
	return estate;
}

void estate_accept(struct space *estate)
{
	take_out(estate);
	lendings_inherit(estate);
}

void estate_restore(struct space *estate)
{
	empty_around(estate);
}

static struct space *left_by(endpoint_t endpoint)
{
	struct space *estate = estates;

	while (estate && estate->endpoint != endpoint)
		estate = estate->kept->next;
	return estate;
}

struct space *estate_or_space(endpoint_t endpoint)
{
	struct space *space = process_space(endpoint);

	return space ? space : left_by(endpoint);
}

/* ---- vm_succeed ---- */

/* What the dead one has left; or was heir to, and did not come to have. */
static struct space *estate_of(endpoint_t dead)
{
	struct space *estate = left_by(dead);

	return estate || dead == NONE || process_find(dead) ? estate : estate_of_heir(dead);
}

static int name_heir(struct space *estate, endpoint_t heir)
{
	struct space *other = estate_of_heir(heir);

	if ((other && other != estate) || (estate->kept->heir != heir && process_find(estate->kept->heir)))
		return -EBUSY;
	estate->kept->heir = heir;
	return OK;
}

static void give_up(struct space *estate)
{
	take_out(estate);
	space_destroy(estate);
}

int do_succeed(endpoint_t caller, const struct vm_succeed_req *request, struct vm_succeed_rep *reply)
{
	struct space *estate;

	(void)reply;
	if (caller != RS_PROC_NR)
		return -EPERM;
	if (request->new != NONE && !process_find(request->new))
		return -EDEADSRCDST;
	estate = estate_of(request->old);
	if (!estate)
		return -ESRCH;
	if (request->new != NONE)
		return name_heir(estate, request->new);
	give_up(estate);
	return OK;
}
