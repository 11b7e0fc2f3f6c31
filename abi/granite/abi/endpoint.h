/* SPDX-License-Identifier: MIT */
/*
 * An endpoint names one process for ever: the low bits are its slot in the process table, the rest is the
 * slot's generation. A slot whose generations are used up is retired, so no endpoint is ever reused.
 * Negative numbers name no process.
 */
#ifndef GRANITE_ABI_ENDPOINT_H
#define GRANITE_ABI_ENDPOINT_H

#include <granite/abi/types.h>

#define ENDPOINT_SLOT_BITS              10
#define ENDPOINT_SLOTS                  (1 << ENDPOINT_SLOT_BITS)
#define ENDPOINT_GENERATION_MAX         ((1 << (31 - ENDPOINT_SLOT_BITS)) - 1)

#define ENDPOINT_MAKE(slot, generation) ((endpoint_t)(((generation) << ENDPOINT_SLOT_BITS) | (slot)))
#define ENDPOINT_SLOT(endpoint)         ((int)((endpoint) & (ENDPOINT_SLOTS - 1)))
#define ENDPOINT_GENERATION(endpoint)   ((int)((endpoint) >> ENDPOINT_SLOT_BITS))

#define ANY                             ((endpoint_t)-1) /* receive: from whomever */
#define NONE                            ((endpoint_t)-2) /* no process; as sys_vircopy's source: physical memory */
#define SELF                            ((endpoint_t)-3) /* the caller */
#define HARDWARE                        ((endpoint_t)-4) /* the source of interrupt notifications */
#define CLOCK                           ((endpoint_t)-5) /* the source of alarm notifications */

/* The boot processes take the first slots, in this order, with generation 1; they never die. */
#define VM_PROC_NR ENDPOINT_MAKE(0, 1)
#define PM_PROC_NR ENDPOINT_MAKE(1, 1)
#define RS_PROC_NR ENDPOINT_MAKE(2, 1)

#endif
