/* SPDX-License-Identifier: MIT */
/*
 * Reader of a process's stack: which calls have led to where it is. It looks at memory that may be broken,
 * or made to mislead: it trusts nothing, reads a bounded number of bytes, and always ends.
 *
 * Functions that are compiled with a frame pointer leave a chain of frames, System V ABI i386, figure 3-15:
 *
 *     ebp -> | caller's ebp | return address |
 *
 * and each return address must stand behind a call instruction. Functions without one, such as the C
 * library's, lie between: there words of the stack are taken that stand behind a call instruction too, if
 * that call seems to have led to where we are. Such a guess is marked. So the chain is sure where the program
 * was compiled with frame pointers, and a hint elsewhere.
 */
#ifndef FORMATS_CALLCHAIN_H
#define FORMATS_CALLCHAIN_H

#include <granite/abi/types.h>

#define CALLCHAIN_MAX 24

/* How a walk reaches the process's memory. 0: all bytes are copied; else nothing is known of them. */
struct callchain_memory {
	int (*read)(void *context, uint32_t address, void *buffer, uint32_t bytes);
	void *context;
	uint32_t text_start, text_end; /* where the program's code is */
};

/* Where a process is. */
struct callchain_place {
	uint32_t pc, sp, frame; /* eip, esp, ebp */
	uint32_t bridge;        /* its struct bridge_control, or 0 */
};

enum callchain_kind {
	CALLCHAIN_AT,          /* where the process is */
	CALLCHAIN_RETURN,      /* where a call returns to */
	CALLCHAIN_GUESS,       /* a word of the stack that seems to be where a call returns to */
	CALLCHAIN_INTERRUPTED, /* where a signal has interrupted the process; the entries before are its
	                          handler's */
};

/* How the kind is shown behind the address. */
const char *callchain_mark(enum callchain_kind kind);

/* The innermost first. */
struct callchain {
	uint32_t count;
	struct callchain_entry {
		uint32_t address;
		enum callchain_kind kind;
	} entries[CALLCHAIN_MAX];
};

/*
 * Finds the chain of a process. If it is in its bridge, that is in a system call, the program's own chain
 * comes after the bridge's.
 */
void callchain_find(const struct callchain_memory *memory, const struct callchain_place *place,
                    struct callchain *chain);

#endif
