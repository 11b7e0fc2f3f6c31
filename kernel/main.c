/* SPDX-License-Identifier: MIT */
/* The kernel's start, after the architecture's own: the processor is set up, boot_info is filled. */
#include "arch.h"
#include "async.h"
#include "boot.h"
#include "clock.h"
#include "counters.h"
#include "log.h"
#include "priv.h"
#include "proc.h"
#include "trace.h"

struct granite_counters counters;

void kernel_main(void)
{
	uint32_t pages = 0;

	for (uint32_t i = 0; i < boot_info.nr_ranges; i++)
		pages += boot_info.ranges[i].bytes / 4096;
	klog("Granite: %u MiB of memory, boot archive of %u KiB\n", pages / 256,
	     boot_info.archive_bytes / 1024);
	clock_epoch = boot_info.epoch_secs = arch_read_rtc();
	priv_init();
	proc_init();
	async_init();
	trace_init();
	boot_processes();
	switch_to_user();
}
