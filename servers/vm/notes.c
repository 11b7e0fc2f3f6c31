/* SPDX-License-Identifier: MIT */
#include "notes.h"

#include <granite/sys.h>

#include "vm.h"

struct vm_notes vm_notes;

/*
 * An interrupt may come at any place here, and the kernel then sets the count to 0. So the count goes up by
 * compare and exchange: if it is not what it was when the note's place was chosen, the note is written again.
 * (Only VM counts up, so it can't have gone to 0 and back.)
 */
void note_add(enum vm_note_op op, uint32_t a, uint32_t b)
{
	uint32_t count = __atomic_load_n(&vm_notes.count, __ATOMIC_RELAXED);

	do {
		if (count == VM_NOTES_MAX) {
			notes_apply();
			count = 0;
		}
		vm_notes.note[count] = (struct vm_note){.op = op, .a = a, .b = b};
	} while (!__atomic_compare_exchange_n(&vm_notes.count, &count, count + 1, false, __ATOMIC_SEQ_CST,
	                                      __ATOMIC_RELAXED));
}

void notes_apply(void)
{
	if (sys_vmctl_apply() != OK)
		vm_panic("the kernel refuses VM's notes");
}

bool notes_pending(void)
{
	return __atomic_load_n(&vm_notes.count, __ATOMIC_RELAXED) != 0;
}
