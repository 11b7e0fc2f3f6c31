/* SPDX-License-Identifier: MIT */
/* Priority queues with quanta. Pure: host tests run it as it is. */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include "proc.h"

#define SCHED_DEFAULT_QUANTUM 10 /* clock ticks */

/* The most urgent process that can run, or NULL. It stays at the head of its queue while it runs. */
struct proc *sched_pick(void);

void sched_wake(struct proc *p);         /* it can run again: before its equals, if it has not had its turn */
void sched_dequeue(struct proc *p);      /* it can't run any more */
void sched_requeue(struct proc *p);      /* its turn is over: to the tail of its queue, with a new quantum */
void sched_forget(const struct proc *p); /* it ends */

/* A clock tick has passed; `running` was at work then, or nobody: NULL. */
void sched_tick(struct proc *running);

void sched_set(struct proc *p, uint32_t priority, uint32_t quantum);

/* For a fork: the child has what is left of its parent's turn, so that nobody gains one by forking. */
void sched_inherit(struct proc *child, const struct proc *parent);

#endif
