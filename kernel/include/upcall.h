/* SPDX-License-Identifier: MIT */
/* Bounces to a process's bridge: see <granite/abi/bridge.h>. */
#ifndef KERNEL_UPCALL_H
#define KERNEL_UPCALL_H

#include "proc.h"

/* p trapped with int 0x80. */
void syscall_bounce(struct proc *p);

/* A signal waits for p, which is loaded: bounces p, or notes it where the bridge will look. */
void upcall_bounce(struct proc *p);

#endif
