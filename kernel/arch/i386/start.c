/* SPDX-License-Identifier: MIT */
/* From the loader's jump (boot.S) to kernel_main(); and where interrupts are let in. */
#include "counters.h"
#include "machine.h"
#include "panic.h"

static void check_processor(void)
{
	const uint32_t needed = CPUID_PSE | CPUID_PGE | CPUID_FXSR;

	if ((cpu_features() & needed) != needed)
		panic("a Pentium II or later is needed: 4 MiB pages, global pages and FXSAVE");
}

void i386_start(uint32_t magic, uint32_t info)
{
	segments_init();
	multiboot_read(magic, info);
	check_processor();
	pic_init();
	timer_init();
	fpu_init();
	kernel_main();
}

/* An instruction's time after sti is enough for what is pending. */
int arch_interrupt_window(void)
{
	uint64_t before = counters.interrupts;

	__asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
	return counters.interrupts != before;
}

/* sti takes effect after hlt has begun: no interrupt slips in between. */
void arch_idle(void)
{
	__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}
