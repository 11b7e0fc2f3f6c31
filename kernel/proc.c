/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include "vmassert.h"
#include "priv.h"
#include "sched.h"
#include "string.h"

struct proc proc_table[NR_PROCS];
struct proc *current;

/* First in, first out, so that a slot rests as long as possible before it is used again. */
static struct proc *free_head, *free_tail;

static void put_on_free_list(struct proc *p)
{
	p->free_next = NULL;
	if (free_tail)
		free_tail->free_next = p;
	else
		free_head = p;
	free_tail = p;
}

void proc_init(void)
{
	free_head = free_tail = NULL;
	for (int slot = 0; slot < NR_PROCS; slot++) {
		struct proc *p = &proc_table[slot];

		p->rts_flags = RTS_SLOT_FREE;
		p->endpoint = NONE;
		p->priv = &priv_table[PRIV_ID_USER];
		put_on_free_list(p);
	}
}

/* Sets everything but the slot's own fields, and what arch/ sets, to its first state. */
static void reset(struct proc *p)
{
	uint32_t generation = p->generation;

	memset(p, 0, sizeof(*p));
	p->generation = generation;
	p->endpoint = ENDPOINT_MAKE(proc_slot(p), generation);
	p->priv = &priv_table[PRIV_ID_USER];
	p->priority = SCHED_PRIO_USER;
	p->quantum = p->ticks_left = SCHED_DEFAULT_QUANTUM;
	p->send_to = p->receive_from = NONE;
}

struct proc *proc_allocate(void)
{
	struct proc *p = free_head;

	if (!p)
		return NULL;
	free_head = p->free_next;
	if (!free_head)
		free_tail = NULL;
	p->generation++;
	reset(p);
	p->rts_flags = RTS_NO_IMAGE;
	return p;
}

void proc_free(struct proc *p)
{
	vmassert(!(p->rts_flags & RTS_SLOT_FREE));
	proc_set_flags(p, RTS_SLOT_FREE);
	sched_forget(p);
	p->endpoint = NONE;
	/* A slot whose generations are used up rests for ever: its next endpoint would be an old one. */
	if (p->generation < ENDPOINT_GENERATION_MAX)
		put_on_free_list(p);
}

uint32_t proc_count(void)
{
	uint32_t count = 0;

	for (int slot = 0; slot < NR_PROCS; slot++)
		count += !(proc_table[slot].rts_flags & RTS_SLOT_FREE);
	return count;
}

struct proc *proc_lookup(endpoint_t endpoint)
{
	int slot = ENDPOINT_SLOT(endpoint);

	if (endpoint < 0 || slot >= NR_PROCS || proc_table[slot].endpoint != endpoint)
		return NULL;
	return &proc_table[slot];
}

struct proc *proc_resolve(struct proc *caller, endpoint_t endpoint)
{
	return endpoint == SELF ? caller : proc_lookup(endpoint);
}

void proc_set_flags(struct proc *p, uint32_t flags)
{
	int was_runnable = proc_runnable(p);

	p->rts_flags |= flags;
	if (was_runnable && !proc_runnable(p))
		sched_dequeue(p);
}

void proc_clear_flags(struct proc *p, uint32_t flags)
{
	int was_runnable = proc_runnable(p);

	p->rts_flags &= ~flags;
	if (!was_runnable && proc_runnable(p))
		sched_wake(p);
}

void proc_set_name(struct proc *p, const char *name)
{
	size_t length = strlen(name);

	if (length >= PROC_NAME_MAX)
		length = PROC_NAME_MAX - 1;
	memset(p->name, 0, PROC_NAME_MAX);
	memcpy(p->name, name, length);
}

int proc_is_vital(const struct proc *p)
{
	return p->endpoint == VM_PROC_NR || p->endpoint == PM_PROC_NR || p->endpoint == RS_PROC_NR;
}
