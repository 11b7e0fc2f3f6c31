/* SPDX-License-Identifier: MIT */
/*
 * Grants, as <granite/abi/grant.h> lays them out: judging what a process wants to do by one. Records are read
 * where they lie, each time anew; the kernel keeps none of them.
 */
#ifndef KERNEL_GRANT_H
#define KERNEL_GRANT_H

#include <granite/abi/grant.h>

#include "proc.h"

/* What a process wants to do by a grant that `granter` gave it. */
struct grant_wish {
	endpoint_t granter;
	cp_grant_id_t id;
	uint32_t offset; /* within the grant */
	uint32_t bytes;
	uint32_t rights; /* CPF_READ, CPF_WRITE, CPF_MAP: those needed */
};

/* What it comes to. */
struct grant_use {
	struct proc *owner; /* whose memory it is */
	vir_bytes address;
	uint32_t flags; /* CPF_UNMAP and CPF_TRY, if a record of the chain has them */
	uint32_t depth; /* records in the chain */
	struct grant_link link[GRANT_DEPTH_MAX]; /* from the grant that was named to the memory's owner */
};

/*
 * p's table from now on. *sequence: from here on GRANT_SEQUENCES numbers are new. OK; -EFAULT it is not
 * within p; -EINVAL too many; -ENOSPC there are no more numbers.
 */
int grant_set_table(struct proc *p, vir_bytes table, uint32_t entries, uint64_t *sequence);

/* The same for the loans of p's bridge. */
int grant_number_loans(struct proc *p, uint64_t *sequence);

/* p has no grants any more, for it has other memory. Whatever stands there, no id of before is good again. */
void grant_forget_all(struct proc *p);

/* Nor has a child any, though it has a copy of its parent's memory. */
void grant_inherit(struct proc *child, const struct proc *parent);

/*
 * Copies p's grants as they are now, from `slot` of its table on and then its loan, `count` at most. Returns
 * how many; *next: where to go on, or 0. What VM would first have to bring in holds none.
 */
uint32_t grant_list(struct proc *p, uint32_t slot, struct cp_grant *grants, uint32_t count, uint32_t *next);

/*
 * Judges a wish of `caller`, from the first record of the chain to the last, each copied once. OK;
 * -EDEADSRCDST one who gave a grant of the chain is dead; -EPERM no such grant, not for this process, or
 * not these bytes or rights; -ELOOP the chain is too long; -EINVAL it is to be mapped, and is not
 * page-aligned; -EFAULT the range is beyond its owner. It is judged at once: a record that is not in memory
 * is none.
 */
int grant_judge(struct proc *caller, const struct grant_wish *wish, struct grant_use *use);

#endif
