/* SPDX-License-Identifier: MIT */
/*
 * What the kernel and a process's bridge agree on (sys_bridge). The kernel bounces `int 0x80` to `entry`, and
 * a waiting signal to `upcall`, in the same way: it pushes the interrupted eip on the process's stack and
 * jumps; all registers are kept. The bridge sets `busy` while it works; a signal that comes then is only
 * noted in `pending`, and the bridge looks there before it leaves.
 */
#ifndef GRANITE_ABI_BRIDGE_H
#define GRANITE_ABI_BRIDGE_H

#include <stdint.h>

struct bridge_control {
	uint32_t busy;    /* written by the bridge: not 0 while it runs */
	uint32_t pending; /* set to 1 by the kernel: PM has a signal to fetch */
};

#endif
