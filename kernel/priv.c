/* SPDX-License-Identifier: MIT */
#include "priv.h"

#include <granite/abi/errno.h>

#include "arch.h"
#include "irq.h"

struct priv priv_table[NR_PRIVS];

static void allow_call(struct priv_spec *spec, uint32_t call)
{
	uint32_t index = call - KCALL_BASE;

	spec->calls[index / 32] |= 1u << (index % 32);
}

static void allow_ipc(struct priv_spec *spec, uint32_t id)
{
	spec->ipc_to[id / 32] |= 1u << (id % 32);
}

/* What every process may do. */
static void allow_basics(struct priv_spec *spec)
{
	static const uint16_t basic_calls[] = PRIV_BASIC_CALLS;

	for (unsigned i = 0; i < sizeof(basic_calls) / sizeof(basic_calls[0]); i++)
		allow_call(spec, basic_calls[i]);
	allow_ipc(spec, PRIV_ID_VM);
	allow_ipc(spec, PRIV_ID_PM);
	allow_ipc(spec, PRIV_ID_RS);
}

static void allow_calls(struct priv_spec *spec, const uint16_t *calls, unsigned count)
{
	while (count--)
		allow_call(spec, *calls++);
}

/* The sets of the boot processes; RS defines all others. */
void priv_init(void)
{
	static const uint16_t vm_calls[] = {SYS_FORK, SYS_VIRCOPY, SYS_VMCTL, SYS_DIAGCTL, SYS_ABORT};
	static const uint16_t pm_calls[] = {SYS_EXEC,    SYS_CLEAR,    SYS_STOP,     SYS_SIGUPCALL,
	                                    SYS_VIRCOPY, SYS_PRIVCTL,  SYS_SCHEDULE, SYS_DIAGCTL,
	                                    SYS_ABORT,   SYS_REGISTERS};
	static const uint16_t rs_calls[] = {SYS_PRIVCTL, SYS_SCHEDULE, SYS_DIAGCTL};

	for (uint32_t id = 0; id < NR_PRIVS; id++)
		priv_table[id].spec.id = id;
	for (uint32_t id = PRIV_ID_USER; id < PRIV_ID_FIRST; id++)
		allow_basics(&priv_table[id].spec);
	allow_calls(&priv_table[PRIV_ID_VM].spec, vm_calls, sizeof(vm_calls) / sizeof(vm_calls[0]));
	allow_calls(&priv_table[PRIV_ID_PM].spec, pm_calls, sizeof(pm_calls) / sizeof(pm_calls[0]));
	allow_calls(&priv_table[PRIV_ID_RS].spec, rs_calls, sizeof(rs_calls) / sizeof(rs_calls[0]));
	for (uint32_t id = 0; id < NR_PRIVS; id++) {
		allow_ipc(&priv_table[PRIV_ID_PM].spec, id);
		allow_ipc(&priv_table[PRIV_ID_RS].spec, id);
	}
	priv_table[PRIV_ID_RS].spec.flags = PRIV_ARCHIVE | PRIV_RESERVE;
}

int priv_check(const struct priv_spec *spec)
{
	if (spec->id >= NR_PRIVS || (spec->id != PRIV_ID_USER && spec->id < PRIV_ID_FIRST))
		return -EINVAL;
	if (spec->nr_ports > NR_PRIV_PORTS || spec->nr_phys > NR_PRIV_PHYS)
		return -EINVAL;
	if (spec->irqs >> NR_IRQS || spec->irqs & (1u << IRQ_CLOCK | 1u << IRQ_CASCADE))
		return -EINVAL;
	for (uint32_t i = 0; i < spec->nr_ports; i++)
		if (spec->ports[i].first > spec->ports[i].last)
			return -EINVAL;
	for (uint32_t i = 0; i < spec->nr_phys; i++)
		if (spec->phys[i].start + spec->phys[i].bytes < spec->phys[i].start)
			return -EINVAL;
	return OK;
}

void priv_assign(struct proc *p, struct priv *priv)
{
	p->priv = priv;
}

void priv_define(const struct priv_spec *spec)
{
	priv_table[spec->id].spec = *spec;
	arch_ports_changed();
}

struct priv *priv_of_child(const struct proc *p)
{
	return p->priv->spec.flags & PRIV_INHERIT ? p->priv : &priv_table[PRIV_ID_USER];
}

int priv_may_read_physical(const struct proc *p, phys_bytes start, phys_bytes bytes)
{
	const struct priv_spec *spec = &p->priv->spec;

	for (uint32_t i = 0; i < spec->nr_phys; i++) {
		const struct priv_phys *range = &spec->phys[i];

		if (start >= range->start && start - range->start <= range->bytes &&
		    bytes <= range->bytes - (start - range->start))
			return 1;
	}
	return 0;
}
