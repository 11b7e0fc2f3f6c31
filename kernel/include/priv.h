/* SPDX-License-Identifier: MIT */
/* Privilege sets. Everything a set does not list is refused. */
#ifndef KERNEL_PRIV_H
#define KERNEL_PRIV_H

#include <granite/abi/priv.h>

#include "proc.h"

/* A set; `spec` was checked by priv_check(). */
struct priv {
	struct priv_spec spec;
};

/* The sets by number; those not defined allow nothing. */
extern struct priv priv_table[NR_PRIVS];

void priv_init(void);

/* OK, or -EINVAL if a field is out of range. */
int priv_check(const struct priv_spec *spec);

/* Makes *spec, which was checked, the set spec->id, also for the processes that have that set already. */
void priv_define(const struct priv_spec *spec);

/* Hands the set `priv` to `p`. */
void priv_assign(struct proc *p, struct priv *priv);

/* What a child of `p` gets. */
struct priv *priv_of_child(const struct proc *p);

static inline int priv_may_call(const struct proc *p, unsigned index)
{
	return (p->priv->spec.calls[index / 32] >> (index % 32)) & 1;
}

static inline int priv_may_send(const struct proc *p, const struct proc *to)
{
	uint32_t id = to->priv->spec.id;

	return (p->priv->spec.ipc_to[id / 32] >> (id % 32)) & 1;
}

int priv_may_read_physical(const struct proc *p, phys_bytes start, phys_bytes bytes);

#endif
