/* SPDX-License-Identifier: MIT */
/* The kernel's counters: COUNTER(name, what it counts). Always on; read with sys_getinfo(GET_COUNTERS). */
#ifndef GRANITE_ABI_COUNTERS_H
#define GRANITE_ABI_COUNTERS_H

#include <stdint.h>

#define GRANITE_COUNTERS(COUNTER)                                                        \
	COUNTER(kernel_entries, "traps, faults and interrupts taken")                    \
	COUNTER(interrupts, "interrupts taken")                                          \
	COUNTER(ticks, "clock ticks, 100 a second")                                      \
	COUNTER(idle_ticks, "clock ticks at which nobody ran")                           \
	COUNTER(kernel_calls, "kernel calls")                                            \
	COUNTER(ipc_calls, "IPC calls")                                                  \
	COUNTER(switches, "process switches")                                            \
	COUNTER(cr3_loads, "page directories loaded")                                    \
	COUNTER(tlb_invalidations, "single pages invalidated")                           \
	COUNTER(windows, "windows opened")                                               \
	COUNTER(buffered_deliveries, "messages and replies delivered through the table") \
	COUNTER(page_faults, "page faults of processes")                                 \
	COUNTER(recovered_faults, "faults inside the copy routine")                      \
	COUNTER(vm_requests, "requests made to VM for a copy")                           \
	COUNTER(exceptions, "exceptions passed to PM")                                   \
	COUNTER(fpu_switches, "FPU owners changed")                                      \
	COUNTER(syscall_bounces, "int 0x80 bounced to a bridge")                         \
	COUNTER(frames_zeroed, "page frames zeroed for VM")                              \
	COUNTER(frames_copied, "page frames copied for VM")                              \
	COUNTER(grant_cow_pages, "pages shared by copy-on-write safecopy")               \
	COUNTER(grant_mapped_pages, "pages mapped by grant")                             \
	COUNTER(grant_unmapped_pages, "pages unmapped by grant")

struct granite_counters {
#define COUNTER(name, text) uint64_t name;
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
};

#endif
