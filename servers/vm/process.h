/* SPDX-License-Identifier: MIT */
/* The processes that have an address space. The kernel names them, VM knows them from fork to exit. */
#ifndef VM_PROCESS_H
#define VM_PROCESS_H

#include <granite/abi/endpoint.h>

#include "memory.h"
#include "space.h"

/* A slot of the table. */
struct process {
	endpoint_t endpoint; /* who lives here, or lived here last */
	struct space *space; /* NULL: nobody lives here */
};

/* The living process of just this name; NULL: there is none, or it is a small one, which has no space. */
struct process *process_find(endpoint_t endpoint);

/* Its space, or NULL. */
struct space *process_space(endpoint_t endpoint);

/* The process in a slot of the table, living or not. */
struct process *process_slot(uint32_t slot);

/*
 * Gives the process the memory that *plan tells of. -EINVAL: the plan can't be; -ENOMEM. Its old memory is
 * gone only if all went well.
 */
int process_exec(struct process *process, const struct vm_exec_plan *plan);

/* Whether RS has forked it, and so hears of its end. */
bool process_is_service(const struct process *process);

/* Whether the kernel says that its privileges have this flag, PRIV_*. */
bool process_has_privilege(endpoint_t endpoint, uint32_t flag);

/*
 * Whether the reserve (memory.h) is there for it: for RS; for a child of RS's, until it is what it is to be;
 * then for a service with PRIV_RESERVE. What these give back when they end is set aside for others of them.
 */
bool process_has_reserve(const struct process *process);

/* It has its own rights by now (RS gives them before exec): the kernel is asked whether it goes on having the
 * reserve. */
void process_becomes_service(const struct process *process);

/* Whether it is to begin with what is set aside. */
static inline bool process_takes_aside(const struct process *process)
{
	return memory_is_set_aside() && process_has_reserve(process);
}

/*
 * Whether it has the reserve, or the privilege from a service whose child it is. And if so, opens the reserve
 * for it; memory_close() is to follow.
 */
bool process_may_use_reserve(endpoint_t endpoint);
bool process_open_reserve(endpoint_t endpoint);

void process_add(endpoint_t endpoint, struct space *space, bool service);
void process_remove(struct process *process);

#endif
