/* SPDX-License-Identifier: MIT */
/*
 * What the kernel and a process's bridge agree on (sys_bridge).
 *
 * int 0x80: the kernel pushes the eip behind it on the process's stack and jumps to `entry`. The bridge sets
 * `busy`.
 *
 * A waiting signal: if `busy` is not set the kernel sets it, stores the interrupted eip in `eip` and jumps to
 * `upcall`; the process's stack is not touched, for it may be what is wrong. If `busy` is set the kernel sets
 * `pending`, and the bridge looks there before it leaves.
 *
 * A SIGSEGV while `busy` and `resume` are set is an address that the program gave the bridge: the kernel
 * continues at `resume`. Any other exception while `busy` is set can't be handled by the process.
 *
 * All registers but those named are kept.
 */
#ifndef GRANITE_ABI_BRIDGE_H
#define GRANITE_ABI_BRIDGE_H

#include <stdint.h>

struct bridge_control {
	uint32_t busy;          /* not 0 while the bridge runs */
	uint32_t pending;       /* set to 1 by the kernel: PM has a signal to fetch */
	uint32_t eip;           /* written by the kernel with an upcall: where the process was */
	uint32_t resume;        /* written by the bridge: where to go on after a SIGSEGV, or 0 */
} __attribute__((aligned(16))); /* so that it never lies across two pages */

#endif
