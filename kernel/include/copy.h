/* SPDX-License-Identifier: MIT */
/* Copies between processes, physical memory and the kernel. */
#ifndef KERNEL_COPY_H
#define KERNEL_COPY_H

#include "proc.h"

enum copy_kind { COPY_PROC, COPY_PHYS, COPY_KERNEL, COPY_FILL };

struct copy_side {
	enum copy_kind kind;
	struct proc *proc; /* COPY_PROC */
	uint32_t address;  /* in the process, physical, or the kernel's; COPY_FILL: a byte, again and again */
};

/* Control results of a copy, and so of a kernel call. */
enum {
	KCALL_SUSPEND = -10002, /* the caller waits for VM, then the call goes on */
	KCALL_AGAIN = -10003,   /* the call goes on after pending interrupts */
};

/*
 * Copies for `caller`, which makes a kernel call. *done says how much is done already, and is kept up:
 * caller->call_done, or what it comes to for this piece of the call. Overlapping ranges of one process are
 * copied as by memmove(3). OK; -EFAULT: a range beyond its process's limit, or VM could not provide it;
 * KCALL_SUSPEND or KCALL_AGAIN: to be called again with the same arguments when the call is resumed.
 */
int copy_bytes(struct proc *caller, const struct copy_side *from, const struct copy_side *to, uint32_t bytes,
               uint32_t flags, uint32_t *done);

/* Lets interrupts in, but not while VM takes the call up. 1: one came, so that anything may have changed. */
int copy_pauses(const struct proc *caller);

/* The same between the caller and a buffer of the kernel's; done as one, or begun anew. */
int copy_from_caller(struct proc *caller, vir_bytes address, void *buffer, uint32_t bytes);
int copy_to_caller(struct proc *caller, vir_bytes address, const void *buffer, uint32_t bytes);

/* The same from any process, but nobody is asked: 1: it is in the buffer; 0: not all of it is there. */
int copy_at_once(struct proc *owner, vir_bytes address, void *buffer, uint32_t bytes);

/* 1: [address, address + bytes) lies within p's segment. */
int copy_in_range(const struct proc *p, vir_bytes address, uint32_t bytes);

#endif
