/* SPDX-License-Identifier: MIT */
/* The kernel's log goes to a 16550 serial port, by polling: log=com1 (the default) or log=com2 on the command
 * line. */
#include "boot.h"
#include "machine.h"
#include "string.h"

#define COM1 0x3f8
#define COM2 0x2f8

enum { DATA = 0, DIVISOR_LOW = 0, DIVISOR_HIGH = 1, INTERRUPTS = 1, FIFO = 2, LINE = 3, LINE_STATUS = 5 };
#define LINE_8N1      0x03
#define LINE_DIVISOR  0x80
#define FIFO_ON       0x07
#define READY_TO_SEND 0x20
#define PATIENCE      100000 /* a port that is not there must not stop the system */

static uint16_t port = COM1;

void uart_init(void)
{
	char name[8];

	if (boot_option("log", name, sizeof(name)) && strcmp(name, "com2") == 0)
		port = COM2;
	outb(port + INTERRUPTS, 0);
	outb(port + LINE, LINE_DIVISOR);
	outb(port + DIVISOR_LOW, 1); /* 115200 baud */
	outb(port + DIVISOR_HIGH, 0);
	outb(port + LINE, LINE_8N1);
	outb(port + FIFO, FIFO_ON);
}

void arch_log_byte(char c)
{
	for (int i = 0; i < PATIENCE && !(inb(port + LINE_STATUS) & READY_TO_SEND); i++)
		;
	outb(port + DATA, c);
}
