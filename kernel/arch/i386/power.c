/* SPDX-License-Identifier: MIT */
/* The end: each emulator has its way of being told; the others say nothing and do nothing. */
#include "log.h"
#include "machine.h"

#define QEMU_DEBUG_EXIT 0xf4  /* isa-debug-exit: QEMU ends with status 2n + 1 */
#define ACPI_PM1A       0x604 /* QEMU's PIIX4: power management control */
#define ACPI_SLEEP      0x2000
#define BOCHS_SHUTDOWN  0x8900
#define KEYBOARD        0x64
#define KEYBOARD_RESET  0xfe

static void power_off(uint32_t status)
{
	outb(QEMU_DEBUG_EXIT, status);
	for (const char *s = "Shutdown"; *s; s++)
		outb(BOCHS_SHUTDOWN, *s);
	outw(ACPI_PM1A, ACPI_SLEEP);
}

void arch_abort(uint32_t how, uint32_t status)
{
	if (how == ABORT_RESET)
		outb(KEYBOARD, KEYBOARD_RESET);
	else
		power_off(how == ABORT_PANIC ? 0x7f : status);
	klog("The system has stopped. You may turn the machine off.\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}
