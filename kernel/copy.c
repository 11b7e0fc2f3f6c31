/* SPDX-License-Identifier: MIT */
/*
 * Copying just copies: ranges are checked against the process's own limit, never against its mappings. What
 * is not there faults inside the copy routine, which stops; VM is asked once for all that remains, and the
 * copy goes on.
 */
#include "copy.h"

#include <granite/abi/errno.h>
#include <granite/abi/vm.h>

#include "arch.h"
#include "counters.h"
#include "stretch.h"
#include "string.h"
#include "trace.h"
#include "vmrequest.h"

int copy_in_range(const struct proc *p, vir_bytes address, uint32_t bytes)
{
	uint32_t limit = arch_limit(p);

	return address <= limit && bytes <= limit - address;
}

/* What a COPY_FILL side is read from: a page of the byte that was asked for last. */
static uint8_t fill[PAGE_SIZE];

static void prepare_fill(const struct copy_side *from)
{
	if (from->kind == COPY_FILL && fill[0] != (uint8_t)from->address)
		memset(fill, (int)from->address, sizeof(fill));
}

static uint32_t reach_fill(uint32_t *bytes)
{
	if (*bytes > sizeof(fill))
		*bytes = sizeof(fill);
	return (uint32_t)fill;
}

/* The linear address of a side's byte `offset`; *bytes is cut to what can be reached there. */
static uint32_t reach(const struct copy_side *side, uint32_t offset, uint32_t *bytes)
{
	switch (side->kind) {
	case COPY_PROC:
		return arch_reach_proc(side->proc, side->address + offset, bytes);
	case COPY_PHYS:
		return arch_reach_phys(side->address + offset, bytes);
	case COPY_FILL:
		return reach_fill(bytes);
	default:
		return side->address + offset;
	}
}

/* The ranges overlap and the destination is the higher one: forwards, the copy would read what it has
 * written. */
static int must_go_backwards(const struct copy_side *from, const struct copy_side *to, uint32_t bytes)
{
	return from->kind == COPY_PROC && to->kind == COPY_PROC && from->proc == to->proc &&
	       to->address > from->address && to->address - from->address < bytes;
}

/* What a piece of a copy came to. */
struct piece {
	uint32_t done;
	const struct copy_side *fault_side; /* NULL: no fault */
	int interrupted;                    /* interrupts were taken, and anything may have changed */
};

static void note_outcome(struct piece *piece, const struct arch_copy_result *result,
                         const struct copy_side *from, const struct copy_side *to)
{
	piece->done += result->done;
	if (result->fault)
		piece->fault_side = result->write ? to : from;
}

/*
 * Copies from `offset` on, as far as the windows reach, or until an interrupt comes. The windows stay open
 * while interrupts are let in: what handles an interrupt opens none.
 */
static void copy_forwards(const struct copy_side *from, const struct copy_side *to, uint32_t offset,
                          uint32_t bytes, struct piece *piece)
{
	uint32_t source = reach(from, offset, &bytes);
	uint32_t destination = reach(to, offset, &bytes);
	struct arch_copy_result result;

	arch_copy_long(source, destination, bytes, &result);
	note_outcome(piece, &result, from, to);
	piece->interrupted = !result.fault && result.done < bytes;
	arch_windows_close();
}

/*
 * Copies the last bytes of the first `end`. What a window reaches begins at a multiple of 4 MiB: so the piece
 * is cut where either side has one.
 */
static void copy_backwards(const struct copy_side *from, const struct copy_side *to, uint32_t end,
                           struct piece *piece)
{
	struct arch_copy_result result;
	uint32_t room_from = (from->address + end - 1) % BIG_PAGE_SIZE + 1;
	uint32_t room_to = (to->address + end - 1) % BIG_PAGE_SIZE + 1;
	uint32_t bytes = end < COPY_STRETCH ? end : COPY_STRETCH, source, destination;

	if (bytes > room_from)
		bytes = room_from;
	if (bytes > room_to)
		bytes = room_to;
	source = reach(from, end - bytes, &bytes);
	destination = reach(to, end - bytes, &bytes);
	arch_copy_backward(source, destination, bytes, &result);
	arch_windows_close();
	note_outcome(piece, &result, from, to);
}

/*
 * Asks VM for the `left` bytes that remain of the side that faulted. Forwards they begin behind the `done`
 * ones. Backwards they are the first ones, and VM is asked for their end, because that comes next: for as
 * much as it makes present at a time.
 */
static int ask_vm(struct proc *caller, const struct copy_side *side, int write, uint32_t left, uint32_t done,
                  int backwards, uint32_t flags)
{
	uint32_t bytes = backwards && left > VM_MEMREQ_BYTES_MAX ? VM_MEMREQ_BYTES_MAX : left;
	uint32_t offset = backwards ? left - bytes : done;

	COUNT(recovered_faults);
	TRACE(FAULT, put(EVENT_COPY_FAULT, caller->call.m_type, caller->endpoint,
	                 side->proc ? side->proc->endpoint : NONE, side->address + offset, bytes, write));
	if (flags & VIRCOPY_TRY || side->kind != COPY_PROC)
		return -EFAULT;
	if (vm_request(caller, side->proc, side->address + offset, bytes, write) != OK)
		return -EFAULT;
	return KCALL_SUSPEND;
}

int copy_pauses(const struct proc *caller)
{
	return !(caller->misc_flags & MF_TAKEN_UP) && arch_interrupt_window();
}

static int side_in_range(const struct copy_side *side, uint32_t bytes)
{
	return side->kind != COPY_PROC || copy_in_range(side->proc, side->address, bytes);
}

int copy_bytes(struct proc *caller, const struct copy_side *from, const struct copy_side *to, uint32_t bytes,
               uint32_t flags, uint32_t *done)
{
	int backwards = must_go_backwards(from, to, bytes);

	if (!side_in_range(from, bytes) || !side_in_range(to, bytes))
		return -EFAULT;
	prepare_fill(from);
	while (*done < bytes) {
		uint32_t left = bytes - *done;
		struct piece piece = {0};

		if (backwards)
			copy_backwards(from, to, left, &piece);
		else
			copy_forwards(from, to, *done, left, &piece);
		*done += piece.done;
		if (piece.done)
			caller->vm_asked = 0;
		if (piece.fault_side)
			return ask_vm(caller, piece.fault_side, piece.fault_side == to, left - piece.done,
			              *done, backwards, flags);
		if (piece.done < left && (piece.interrupted || copy_pauses(caller)))
			return KCALL_AGAIN;
	}
	return OK;
}

int copy_at_once(struct proc *owner, vir_bytes address, void *buffer, uint32_t bytes)
{
	struct arch_copy_result result = {0};

	for (uint32_t done = 0, now; done < bytes && !result.fault; done += now) {
		uint32_t linear;

		now = bytes - done;
		linear = arch_reach_proc(owner, address + done, &now);
		arch_copy(linear, (uint32_t)buffer + done, now, &result);
		arch_windows_close();
	}
	return !result.fault;
}

int copy_from_caller(struct proc *caller, vir_bytes address, void *buffer, uint32_t bytes)
{
	struct copy_side from = {COPY_PROC, caller, address}, to = {COPY_KERNEL, NULL, (uint32_t)buffer};
	uint32_t done = 0;

	return copy_bytes(caller, &from, &to, bytes, 0, &done);
}

int copy_to_caller(struct proc *caller, vir_bytes address, const void *buffer, uint32_t bytes)
{
	struct copy_side from = {COPY_KERNEL, NULL, (uint32_t)buffer}, to = {COPY_PROC, caller, address};
	uint32_t done = 0;

	return copy_bytes(caller, &from, &to, bytes, 0, &done);
}
