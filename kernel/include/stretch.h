/* SPDX-License-Identifier: MIT */
/* For C and assembler. */
#ifndef KERNEL_STRETCH_H
#define KERNEL_STRETCH_H

/* The most bytes that are copied before pending interrupts are let in; a multiple of 4. */
#define COPY_STRETCH 0x10000

#endif
