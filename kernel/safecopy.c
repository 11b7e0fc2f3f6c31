/* SPDX-License-Identifier: MIT */
#include "safecopy.h"

#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/abi/vm.h>

#include "stretch.h"
#include "vmrequest.h"

/* A copy that was judged. Good until the next interrupt. */
struct transfer {
	struct copy_side from, to;
	uint32_t bytes;
	uint32_t flags; /* VIRCOPY_TRY */
};

static struct transfer transfers[SCPVEC_NR];

static int judge(struct proc *caller, const struct safecopy *copy, struct transfer *transfer)
{
	struct copy_side mine = {COPY_PROC, caller, copy->address}, theirs;
	struct grant_use use;
	int result = grant_judge(caller, &copy->wish, &use);

	if (result != OK)
		return result;
	if (!copy_in_range(caller, copy->address, copy->wish.bytes))
		return -EFAULT;
	theirs = (struct copy_side){COPY_PROC, use.owner, use.address};
	transfer->from = copy->wish.rights & CPF_READ ? theirs : mine;
	transfer->to = copy->wish.rights & CPF_READ ? mine : theirs;
	transfer->bytes = copy->wish.bytes;
	transfer->flags = use.flags & CPF_TRY ? VIRCOPY_TRY : 0;
	return OK;
}

/* ---- Whole pages ---- */

/*
 * From here on asking VM to share whole pages costs less than copying them, even if one of them is written to
 * afterwards: bench rows crossover.*
 */
#define SHARE_MIN (4 * PAGE_SIZE)

static int may_share(const struct proc *caller, const struct transfer *transfer)
{
	return (transfer->from.address ^ transfer->to.address) % PAGE_SIZE == 0 &&
	       !(caller->misc_flags & MF_NO_SHARING) && !(transfer->flags & VIRCOPY_TRY) &&
	       transfer->from.proc != transfer->to.proc && !proc_small(transfer->from.proc) &&
	       !proc_small(transfer->to.proc);
}

/* How many bytes are copied before pages are shared; all of them, if too few pages could be. */
static uint32_t copied_until(const struct proc *caller, const struct transfer *transfer, uint32_t done)
{
	uint32_t head, left = transfer->bytes - done;

	if (left < SHARE_MIN || !may_share(caller, transfer))
		return transfer->bytes;
	head = -(transfer->from.address + done) % PAGE_SIZE;
	return left - head < SHARE_MIN ? transfer->bytes : done + head;
}

static int share(struct proc *caller, const struct transfer *transfer, uint32_t done, int last)
{
	uint32_t bytes = (transfer->bytes - done) & ~(PAGE_SIZE - 1);

	if (bytes > VM_SHARE_BYTES_MAX)
		bytes = VM_SHARE_BYTES_MAX;
	last = last && done + bytes == transfer->bytes;
	return vm_share(caller, &transfer->from, &transfer->to, done, bytes, last);
}

/*
 * `before`: the bytes of all transfers before this one; `done`: how many of its own are done; `last`: whether
 * none comes after it.
 */
static int carry_out(struct proc *caller, const struct transfer *transfer, uint32_t before, uint32_t done,
                     int last)
{
	uint32_t until = copied_until(caller, transfer, done);
	int result;

	/* A request that VM takes up must be what it was: to share from here on. */
	if (caller->misc_flags & MF_TAKEN_UP && until != done)
		return KCALL_AGAIN;
	result = copy_bytes(caller, &transfer->from, &transfer->to, until, transfer->flags, &done);
	caller->call_done = before + done;
	if (result != OK || done == transfer->bytes)
		return result;
	return share(caller, transfer, done, last);
}

/* All of them, or none: what is refused changes nothing. A sum beyond 32 bits would confuse call_done. */
static int judge_all(struct proc *caller, const struct safecopy *copies, uint32_t count)
{
	uint32_t total = 0;
	int result = count > SCPVEC_NR ? -EINVAL : OK;

	for (uint32_t i = 0; i < count && result == OK; i++) {
		result = judge(caller, &copies[i], &transfers[i]);
		total += transfers[i].bytes;
		if (result == OK && total < transfers[i].bytes)
			result = -EINVAL;
	}
	return result;
}

/* The first that is not done yet; *before: the bytes of those that are. Out of line: most calls have just
 * begun. */
static __attribute__((noinline, cold)) uint32_t find_next(uint32_t call_done, uint32_t count,
                                                          uint32_t *before)
{
	uint32_t i = 0;

	while (i < count && call_done - *before >= transfers[i].bytes)
		*before += transfers[i++].bytes;
	return i;
}

/*
 * Between transfers that would together be more than a stretch interrupts are let in, as copy_bytes() does
 * within one. limit: where call_done may get to before that. 1: one came. Out of line: most calls copy less.
 */
static __attribute__((noinline, cold)) int pauses(const struct proc *caller, uint32_t limit)
{
	return caller->call_done + COPY_STRETCH != limit && copy_pauses(caller);
}

int safecopy(struct proc *caller, const struct safecopy *copies, uint32_t count)
{
	int result = judge_all(caller, copies, count);
	uint32_t done = caller->call_done, limit = done + COPY_STRETCH, before = 0, i = 0;

	if (done && result == OK) {
		i = find_next(done, count, &before);
		done -= before;
	}
	for (; i < count && result == OK; i++) {
		if (before + transfers[i].bytes > limit) {
			if (pauses(caller, limit))
				return KCALL_AGAIN;
			limit = caller->call_done + COPY_STRETCH;
		}
		result = carry_out(caller, &transfers[i], before, done, i + 1 == count);
		before += transfers[i].bytes;
		done = 0;
	}
	return result;
}

int safememset(struct proc *caller, const struct grant_wish *wish, uint8_t byte)
{
	struct copy_side from = {.kind = COPY_FILL, .address = byte}, to = {.kind = COPY_PROC};
	struct grant_use use;
	int result = grant_judge(caller, wish, &use);

	if (result != OK)
		return result;
	to.proc = use.owner;
	to.address = use.address;
	return copy_bytes(caller, &from, &to, wish->bytes, use.flags & CPF_TRY ? VIRCOPY_TRY : 0,
	                  &caller->call_done);
}
