/* SPDX-License-Identifier: MIT */
#include "safecopy.h"

#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/abi/vm.h>

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

/* How many of a transfer's bytes are done; call_done counts from its first byte on, and goes on behind it. */
static uint32_t done_of(const struct transfer *transfer, uint32_t call_done)
{
	return call_done < transfer->bytes ? call_done : transfer->bytes;
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

/* `before`: the bytes of all transfers before this one; `last`: whether none comes after it. */
static int carry_out(struct proc *caller, const struct transfer *transfer, uint32_t before, int last)
{
	uint32_t done = done_of(transfer, caller->call_done - before);
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

int safecopy(struct proc *caller, const struct safecopy *copies, uint32_t count)
{
	uint32_t before = 0;
	int result = judge_all(caller, copies, count);

	for (uint32_t i = 0; i < count && result == OK; i++) {
		if (caller->call_done <= before + transfers[i].bytes)
			result = carry_out(caller, &transfers[i], before, i + 1 == count);
		before += transfers[i].bytes;
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
