/* SPDX-License-Identifier: MIT */
/* The descriptor table's order, for C and assembler. */
#ifndef I386_SELECTORS_H
#define I386_SELECTORS_H

#define KERNEL_CS_INDEX     1
#define KERNEL_DS_INDEX     2
#define FLAT_DS_INDEX       3
#define TSS_INDEX           4
#define GDT_ENTRIES         16

#define KERNEL_CS           (KERNEL_CS_INDEX * 8)
#define KERNEL_DS           (KERNEL_DS_INDEX * 8)
#define FLAT_DS             (FLAT_DS_INDEX * 8) /* the copy routine's alone */
#define TSS_SEL             (TSS_INDEX * 8)

#define COUNTERS_INTERRUPTS 8 /* where struct granite_counters has `interrupts` */

#define NR_EXCEPTIONS       32
#define IRQ_VECTOR          0x20

#endif
