/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "irq.h"
#include "kcall.h"
#include "priv.h"

/*
 * SYS_IRQCTL: an interrupt line for the caller. Errors: EINVAL no such line or operation, or the line is not
 * the caller's; EPERM not among its privileges; EBUSY another driver has it.
 */
int do_irqctl(struct proc *caller, const struct sys_irqctl_req *request, struct sys_irqctl_rep *reply)
{
	(void)reply;
	if (request->irq >= NR_IRQS)
		return -EINVAL;
	if (request->op == IRQCTL_DETACH)
		return irq_detach(caller, request->irq);
	if (!((caller->priv->spec.irqs >> request->irq) & 1))
		return -EPERM;
	switch (request->op) {
	case IRQCTL_ATTACH:
		return irq_attach(caller, request->irq);
	case IRQCTL_ENABLE:
		return irq_enable(caller, request->irq);
	default:
		return -EINVAL;
	}
}
