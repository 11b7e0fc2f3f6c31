/* SPDX-License-Identifier: MIT */
/*
 * A process that is to die after so many instructions of its own: for tests, which kill it after each in
 * turn. The processor traps after each instruction meanwhile.
 */
#ifndef KERNEL_STEP_H
#define KERNEL_STEP_H

#include "proc.h"

#ifdef DEBUG_VMASSERT
#define STEP_EXISTS 1
#else
#define STEP_EXISTS 0
#endif

/* After `instructions` of p's; 0: not at all. */
void step_set(struct proc *p, uint32_t instructions);

/* p has trapped after an instruction. 0: that is not because of step_set. */
int step_taken(struct proc *p);

#endif
