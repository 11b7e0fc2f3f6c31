/* SPDX-License-Identifier: MIT */
/*
 * vmassert() guards the kernel's own invariants, never the input; NOREC_ENTER/NOREC_RETURN stop a function
 * that must not be entered again before it has returned. Both are there when DEBUG_VMASSERT is defined, as in
 * all tests.
 */
#ifndef KERNEL_VMASSERT_H
#define KERNEL_VMASSERT_H

#include "panic.h"

#ifdef DEBUG_VMASSERT
#define vmassert(condition)                                                                                 \
	do {                                                                                                \
		if (!(condition))                                                                           \
			panic("%s:%d: %s: assertion failed: %s", __FILE__, __LINE__, __func__, #condition); \
	} while (0)
#define NOREC_ENTER(name)        \
	static int norec_##name; \
	vmassert(!norec_##name); \
	norec_##name = 1
#define NOREC_RETURN(name) (norec_##name = 0)
#else
#define vmassert(condition) ((void)0)
#define NOREC_ENTER(name)   ((void)0)
#define NOREC_RETURN(name)  ((void)0)
#endif

#endif
