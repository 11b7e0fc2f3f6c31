/* SPDX-License-Identifier: MIT */
#include "async.h"

#include <granite/abi/ipc.h>

#include "trace.h"

/*
 * All processes draw on one pool, within limits: so many under way from each sender, so many waiting for each
 * receiver, and the last ones are kept for those without whom nothing works.
 */
#define ASYNC_MAX              1024
#define ASYNC_RESERVE          128
#define ASYNC_MAX_PER_RECEIVER 32

static struct async_message pool[ASYNC_MAX];
static struct async_message *free_list;
static uint32_t free_count;

static void put_on_free_list(struct async_message *entry)
{
	entry->next = free_list;
	free_list = entry;
	free_count++;
}

void async_init(void)
{
	for (int i = 0; i < ASYNC_MAX; i++)
		put_on_free_list(&pool[i]);
}

uint32_t async_under_way(void)
{
	return ASYNC_MAX - free_count;
}

struct async_message *async_take(struct proc *from, const struct proc *to)
{
	struct async_message *entry = free_list;

	if (!entry || to->async_queued >= ASYNC_MAX_PER_RECEIVER)
		return NULL;
	/* PM cancels calls at servers of every kind: one that does not listen must not keep it from the
	 * others. */
	if (!proc_is_vital(from) && (from->async_sent >= SENDA_MAX_PER_SENDER || free_count <= ASYNC_RESERVE))
		return NULL;
	free_list = entry->next;
	free_count--;
	from->async_sent++;
	entry->sender = from->endpoint;
	return entry;
}

/* The sender may be long gone, and its slot another's. */
void async_drop(struct async_message *entry)
{
	struct proc *from = proc_lookup(entry->sender);

	if (from)
		from->async_sent--;
	put_on_free_list(entry);
}

void async_enqueue(struct proc *to, struct async_message *entry)
{
	entry->next = NULL;
	if (to->async_tail)
		to->async_tail->next = entry;
	else
		to->async_head = entry;
	to->async_tail = entry;
	to->async_queued++;
}

int async_fetch(struct proc *to, endpoint_t source, struct message *message)
{
	struct async_message *before = NULL, *entry = to->async_head;

	while (entry && source != ANY && entry->sender != source) {
		before = entry;
		entry = entry->next;
	}
	if (!entry)
		return 0;
	if (before)
		before->next = entry->next;
	else
		to->async_head = entry->next;
	if (to->async_tail == entry)
		to->async_tail = before;
	to->async_queued--;
	*message = entry->message;
	TRACE(IPC, hand_over_async(to, entry->record));
	async_drop(entry);
	return 1;
}

void async_forget(struct proc *to)
{
	struct async_message *entry = to->async_head, *next;

	to->async_head = to->async_tail = NULL;
	to->async_queued = 0;
	for (; entry; entry = next) {
		next = entry->next;
		async_drop(entry);
	}
}
