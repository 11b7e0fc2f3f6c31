/* SPDX-License-Identifier: MIT */
/* VM's notes: see <granite/abi/vmnotes.h>. */
#ifndef KERNEL_NOTES_H
#define KERNEL_NOTES_H

#include <granite/abi/vmnotes.h>
#include <stddef.h>

extern struct vm_notes *vm_notes; /* in VM's memory; NULL until VM has said where */

/* Carries out what VM noted. A note that makes no sense is VM's bug: panic. */
void notes_carry_out(void);

static inline void notes_apply(void)
{
	if (vm_notes && vm_notes->count)
		notes_carry_out();
}

#endif
