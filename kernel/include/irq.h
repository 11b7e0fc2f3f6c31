/* SPDX-License-Identifier: MIT */
/* Interrupt lines: the clock's is the kernel's, each other belongs to at most one driver. */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include "proc.h"

#define NR_IRQS     16
#define IRQ_CLOCK   0
#define IRQ_CASCADE 2 /* where the second controller reports to the first */

void irq_handle(uint32_t irq); /* line `irq` fired */

int irq_attach(struct proc *p, uint32_t irq); /* -EBUSY: another has it */
int irq_detach(struct proc *p, uint32_t irq); /* -EINVAL: p has it not */
int irq_enable(struct proc *p, uint32_t irq); /* likewise */
void irq_forget(struct proc *p);              /* p has no line, and is told of none any more */

/* The lines that drivers have, one bit a line. */
uint32_t irqs_attached(void);

#endif
