/* SPDX-License-Identifier: MIT */
#include "irq.h"

#include <granite/abi/errno.h>

#include "arch.h"
#include "clock.h"
#include "ipc.h"
#include "trace.h"

static struct proc *owner[NR_IRQS];

/* The line stays masked until its driver has dealt with the device and says so by irq_enable(). */
static void handle(uint32_t irq)
{
	struct proc *p = owner[irq];

	if (irq == IRQ_CLOCK) {
		clock_tick();
		return;
	}
	arch_irq_mask(irq);
	if (!p)
		return;
	p->irq_pending |= 1u << irq;
	ipc_notify(NULL, p);
}

void irq_handle(uint32_t irq)
{
	endpoint_t driver = owner[irq] ? owner[irq]->endpoint : NONE;

	TRACE(IRQ, put(EVENT_IRQ, irq, driver, 0, 0, 0, 0));
	handle(irq);
	TRACE(IRQ, put(EVENT_IRQ_END, irq, driver, 0, 0, 0, 0));
}

int irq_attach(struct proc *p, uint32_t irq)
{
	if (owner[irq] && owner[irq] != p)
		return -EBUSY;
	owner[irq] = p;
	arch_irq_unmask(irq);
	return OK;
}

int irq_detach(struct proc *p, uint32_t irq)
{
	if (owner[irq] != p)
		return -EINVAL;
	arch_irq_mask(irq);
	owner[irq] = NULL;
	p->irq_pending &= ~(1u << irq);
	return OK;
}

int irq_enable(struct proc *p, uint32_t irq)
{
	if (owner[irq] != p)
		return -EINVAL;
	arch_irq_unmask(irq);
	return OK;
}

void irq_forget(struct proc *p)
{
	for (uint32_t irq = 0; irq < NR_IRQS; irq++)
		if (owner[irq] == p) {
			arch_irq_mask(irq);
			owner[irq] = NULL;
		}
	p->irq_pending = 0;
}

uint32_t irqs_attached(void)
{
	uint32_t lines = 0;

	for (uint32_t irq = 0; irq < NR_IRQS; irq++)
		if (owner[irq])
			lines |= 1u << irq;
	return lines;
}
