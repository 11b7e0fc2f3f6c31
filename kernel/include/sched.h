/* SPDX-License-Identifier: MIT */
/* Priority queues with quanta. Pure: host tests run it as it is. */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include "proc.h"

#define SCHED_DEFAULT_QUANTUM 10 /* clock ticks */

/* The most urgent process that can run, or NULL. It stays at the head of its queue while it runs. */
struct proc *sched_pick(void);

void sched_wake(struct proc *p);    /* it can run again: before its equals, mostly */
void sched_enqueue(struct proc *p); /* at the tail */
void sched_dequeue(struct proc *p);
void sched_requeue(struct proc *p); /* to the tail of its queue, with a new quantum */
void sched_tick(struct proc *p);    /* p ran for a clock tick */
void sched_set(struct proc *p, uint32_t priority, uint32_t quantum);

#endif
