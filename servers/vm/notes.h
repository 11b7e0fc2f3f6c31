/* SPDX-License-Identifier: MIT */
/*
 * VM's side of the notes to the kernel (<granite/abi/vmnotes.h>). VM can be interrupted anywhere, and then
 * the kernel carries out what is noted and lets others run. Hence the order everywhere in VM:
 *
 *   NOTE_ZERO, NOTE_COPY     before the table entry that shows the frame: nobody sees it unfilled
 *   NOTE_INVAL_*             after the entry was changed: the translation forgotten is the old one; and
 *                            before any frame or table given up by that change can be handed out again
 */
#ifndef VM_NOTES_H
#define VM_NOTES_H

#include <stdbool.h>

#include <granite/abi/vmnotes.h>

/* Where the kernel reads them. */
extern struct vm_notes vm_notes;

void note_add(enum vm_note_op op, uint32_t a, uint32_t b);

/* Has the kernel carry out all notes now. */
void notes_apply(void);

/* Whether some are not carried out yet. */
bool notes_pending(void);

#endif
