/* SPDX-License-Identifier: MIT */
/* Alarms: one a process. */
#ifndef KERNEL_ALARM_H
#define KERNEL_ALARM_H

#include "proc.h"

/* p's alarm rings at `at` nanoseconds since boot; 0: never. It replaces the one there was. */
void alarm_set(struct proc *p, uint64_t at);

/* How many are set. */
uint32_t alarms_set(void);

/* Notifies all whose time has come. */
void alarm_ring(uint64_t now);

#endif
