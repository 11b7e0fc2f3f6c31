/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

static int irqctl(enum irqctl_op op, int irq)
{
	union sys_irqctl_message call;

	call.req = (struct sys_irqctl_req){.op = op, .irq = irq};
	return sys_irqctl_call(&call);
}

int sys_irqattach(int irq)
{
	return irqctl(IRQCTL_ATTACH, irq);
}

int sys_irqdetach(int irq)
{
	return irqctl(IRQCTL_DETACH, irq);
}

int sys_irqenable(int irq)
{
	return irqctl(IRQCTL_ENABLE, irq);
}
