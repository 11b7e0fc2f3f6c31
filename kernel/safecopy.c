/* SPDX-License-Identifier: MIT */
#include "safecopy.h"

#include <granite/abi/errno.h>

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
	int result = grant_judge(caller, &copy->wish, 0, &use);

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

/* Those of a transfer's bytes that are done already, when so many of the whole call are. */
static uint32_t done_of(const struct transfer *transfer, uint32_t call_done)
{
	return call_done < transfer->bytes ? call_done : transfer->bytes;
}

/* `before`: bytes of the transfers before this one. */
static int carry_out(struct proc *caller, const struct transfer *transfer, uint32_t before)
{
	uint32_t done = done_of(transfer, caller->call_done - before);
	int result =
	        copy_bytes(caller, &transfer->from, &transfer->to, transfer->bytes, transfer->flags, &done);

	caller->call_done = before + done;
	return result;
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
			result = carry_out(caller, &transfers[i], before);
		before += transfers[i].bytes;
	}
	return result;
}

int safememset(struct proc *caller, const struct grant_wish *wish, uint8_t byte)
{
	struct copy_side from = {.kind = COPY_FILL, .address = byte}, to = {.kind = COPY_PROC};
	struct grant_use use;
	int result = grant_judge(caller, wish, 0, &use);

	if (result != OK)
		return result;
	to.proc = use.owner;
	to.address = use.address;
	return copy_bytes(caller, &from, &to, wish->bytes, use.flags & CPF_TRY ? VIRCOPY_TRY : 0,
	                  &caller->call_done);
}
