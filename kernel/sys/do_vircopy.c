/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"
#include "notes.h"
#include "priv.h"

/* A side of the copy; NONE is physical memory, which can only be read, and only where the caller's privileges
 * say. */
static int decode_side(struct proc *caller, endpoint_t endpoint, vir_bytes address, struct copy_side *side)
{
	side->kind = COPY_PROC;
	side->address = address;
	side->proc = proc_resolve(caller, endpoint);
	return side->proc ? OK : -EDEADSRCDST;
}

static int decode_source(struct proc *caller, const struct sys_vircopy_req *request, struct copy_side *side)
{
	if (request->source != NONE)
		return decode_side(caller, request->source, request->source_address, side);
	if (!priv_may_read_physical(caller, request->source_address, request->bytes))
		return -EPERM;
	side->kind = COPY_PHYS;
	side->proc = NULL;
	side->address = request->source_address;
	return OK;
}

/*
 * SYS_VIRCOPY: copies between two processes. Errors: EDEADSRCDST one of them is dead; EFAULT a range that is
 * not mapped with the right needed, or is not the process's at all: what precedes the first such byte may
 * have been copied, nothing else has changed; EPERM physical memory not allowed; EINVAL unknown flags.
 */
int do_vircopy(struct proc *caller, const struct sys_vircopy_req *request, struct sys_vircopy_rep *reply)
{
	struct copy_side from, to;
	int result;

	(void)reply;
	notes_apply(); /* what VM has noted comes before what it copies */
	if (request->flags & ~VIRCOPY_TRY)
		return -EINVAL;
	result = decode_source(caller, request, &from);
	if (result == OK)
		result = decode_side(caller, request->destination, request->destination_address, &to);
	if (result != OK)
		return result;
	return copy_bytes(caller, &from, &to, request->bytes, request->flags, &caller->call_done);
}
