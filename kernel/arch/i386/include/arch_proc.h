/* SPDX-License-Identifier: MIT */
/* What of a process the i386 knows. */
#ifndef I386_ARCH_PROC_H
#define I386_ARCH_PROC_H

#include <granite/abi/layout.h>
#include <stddef.h>
#include <stdint.h>

/* Words below `regs` that a fault during pop or iret may write to: see entry.S. */
#define ARCH_EXIT_ROOM 32

/* The stack frame that entry.S builds, lowest address first. In ring 0, esp and ss are not there. */
struct arch_frame {
	uint32_t es, ds;
	uint32_t edi, esi, ebp, unused_esp, ebx, edx, ecx, eax; /* as pushal leaves them */
	uint32_t vector, error;
	uint32_t eip, cs, eflags, esp, ss; /* as the processor leaves them */
};

/* A segment descriptor, Intel SDM vol. 3A, 3.4.5. */
struct descriptor {
	uint32_t low, high;
};

#define FXSAVE_BYTES 512

struct arch_proc {
	uint32_t base, limit; /* its segment: linear base, bytes */
	uint32_t directory;   /* physical, 0: none */
	uint32_t fs, gs;      /* selectors, while it does not run */
	struct descriptor code, data;
	struct descriptor tls[TLS_SLOTS];
	uint8_t fpu[FXSAVE_BYTES]
	        __attribute__((aligned(16))); /* while it does not own the FPU; see MF_FPU_USED */
};

#endif
