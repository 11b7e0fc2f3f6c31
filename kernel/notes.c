/* SPDX-License-Identifier: MIT */
#include "notes.h"

#include "arch.h"
#include "vmassert.h"
#include "boot.h"
#include "counters.h"
#include "panic.h"

struct vm_notes *vm_notes;

static void apply(const struct vm_note *note)
{
	switch (note->op) {
	case NOTE_ZERO:
		COUNT(frames_zeroed);
		arch_zero_frame(note->a);
		break;
	case NOTE_COPY:
		COUNT(frames_copied);
		arch_copy_frame(note->a, note->b);
		break;
	case NOTE_INVAL_PAGE:
		arch_invalidate_page(note->a, note->b);
		break;
	case NOTE_INVAL_ALL:
		arch_invalidate_all(note->a);
		break;
	default:
		panic("VM noted something unknown: %u", note->op);
	}
}

void notes_carry_out(void)
{
	uint32_t count = vm_notes->count;

	NOREC_ENTER(notes_carry_out);
	if (count > VM_NOTES_MAX)
		panic("VM noted %u things, %u fit", count, VM_NOTES_MAX);
	for (uint32_t i = 0; i < count; i++)
		apply(&vm_notes->note[i]);
	vm_notes->count = 0;
	NOREC_RETURN(notes_carry_out);
}
