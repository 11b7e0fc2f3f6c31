/* SPDX-License-Identifier: MIT */
/* Copies between the caller of a kernel call and memory granted to it. */
#ifndef KERNEL_SAFECOPY_H
#define KERNEL_SAFECOPY_H

#include "copy.h"
#include "grant.h"

/* One copy: what is wanted of the granted memory (CPF_READ: to the caller, CPF_WRITE: from it), and the
 * caller's side. */
struct safecopy {
	struct grant_wish wish;
	vir_bytes address; /* the caller's */
};

/*
 * Judges all `count` copies, then makes them; caller->call_done says how many bytes of all of them are done.
 * OK, or what grant_judge() and copy_bytes() say; -EINVAL more than SCPVEC_NR, or bytes than 32 bits count;
 * -EFAULT a range beyond the caller. Nothing has been copied if one was refused from the start.
 */
int safecopy(struct proc *caller, const struct safecopy *copies, uint32_t count);

/* Fills what the wish (CPF_WRITE) names with a byte. */
int safememset(struct proc *caller, const struct grant_wish *wish, uint8_t byte);

#endif
