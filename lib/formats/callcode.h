/* SPDX-License-Identifier: MIT */
/* Reader of i386 code, as much of it as call chains need: what stands before an address, or at it. */
#ifndef FORMATS_CALLCODE_H
#define FORMATS_CALLCODE_H

#include "callchain.h"

int callcode_in_text(const struct callchain_memory *memory, uint32_t address);

/*
 * Whether a call can return to `address`; *target is then where the call leads, or 0 if that is not to be
 * seen. A call that only learns where it is (of position-independent code), and a system call, are none.
 */
int callcode_returns_to(const struct callchain_memory *memory, uint32_t address, uint32_t *target);

/*
 * What a signal handler returns to: the C library's code, or the bridge's in the frame itself. Linux's i386
 * ABI: pop %eax; mov $119, %eax; int $0x80, or with siginfo_t mov $173, %eax; int $0x80.
 */
enum callcode_restorer { CALLCODE_NO_RESTORER, CALLCODE_RESTORER, CALLCODE_RESTORER_INFO };

enum callcode_restorer callcode_restorer(const struct callchain_memory *memory, uint32_t address);

#endif
