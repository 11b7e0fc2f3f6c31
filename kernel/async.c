/* SPDX-License-Identifier: MIT */
#include "async.h"

#include <granite/abi/ipc.h>

#include "vmassert.h"

#define ASYNC_MAX 256

static struct async_message pool[ASYNC_MAX];
static struct async_message *free_list;

void async_init(void)
{
	for (int i = 0; i < ASYNC_MAX; i++) {
		pool[i].next = free_list;
		free_list = &pool[i];
	}
}

struct async_message *async_take(struct proc *from)
{
	struct async_message *entry = free_list;

	if (!entry || from->async_sent >= SENDA_MAX_PER_SENDER)
		return NULL;
	free_list = entry->next;
	from->async_sent++;
	entry->message.m_source = from->endpoint;
	return entry;
}

void async_enqueue(struct proc *to, struct async_message *entry)
{
	entry->next = NULL;
	if (to->async_tail)
		to->async_tail->next = entry;
	else
		to->async_head = entry;
	to->async_tail = entry;
}

/* The sender may be long gone, and its slot another's. */
void async_drop(struct async_message *entry)
{
	struct proc *from = proc_lookup(entry->message.m_source);

	if (from)
		from->async_sent--;
	entry->next = free_list;
	free_list = entry;
}

int async_fetch(struct proc *to, endpoint_t source, struct message *message)
{
	struct async_message *before = NULL, *entry = to->async_head;

	while (entry && source != ANY && entry->message.m_source != source) {
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
	*message = entry->message;
	async_drop(entry);
	return 1;
}

void async_forget(struct proc *to)
{
	struct async_message *entry = to->async_head, *next;

	to->async_head = to->async_tail = NULL;
	for (; entry; entry = next) {
		next = entry->next;
		async_drop(entry);
	}
}
