/* SPDX-License-Identifier: MIT */
/* Notifications that wait: one bit a source. */
#ifndef KERNEL_NOTIFY_H
#define KERNEL_NOTIFY_H

#include "proc.h"

/* Remembers that `from` notified `to`. */
void notify_post(struct proc *from, struct proc *to);

/* Makes p->deliver the next notification for p from `source` (ANY: from whomever). 0: none waits. */
int notify_take(struct proc *p, endpoint_t source);

/* p vanishes: what it notified is forgotten, for its slot's next process is another. */
void notify_forget(struct proc *p);

#endif
