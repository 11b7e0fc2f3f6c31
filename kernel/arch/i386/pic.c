/* SPDX-License-Identifier: MIT */
/* The two 8259A interrupt controllers. Intel 8259A data sheet: ICW1-4, OCW1-3. */
#include "irq.h"
#include "machine.h"

#define MASTER        0x20
#define SLAVE         0xa0
#define CASCADE_LINE  2
#define END_OF_IRQ    0x20
#define READ_REQUESTS 0x0a
#define READ_SERVICED 0x0b

static uint16_t mask = (uint16_t) ~(1u << CASCADE_LINE);

static void write_mask(void)
{
	outb(MASTER + 1, mask & 0xff);
	outb(SLAVE + 1, mask >> 8);
}

static void init_one(uint16_t port, uint8_t vector, uint8_t cascade)
{
	outb(port, 0x11);        /* ICW1: edge-triggered, cascaded, ICW4 follows */
	outb(port + 1, vector);  /* ICW2 */
	outb(port + 1, cascade); /* ICW3 */
	outb(port + 1, 0x01);    /* ICW4: 8086 mode */
}

void pic_init(void)
{
	init_one(MASTER, IRQ_VECTOR, 1 << CASCADE_LINE);
	init_one(SLAVE, IRQ_VECTOR + 8, CASCADE_LINE);
	write_mask();
}

void arch_irq_mask(uint32_t irq)
{
	mask |= 1u << irq;
	write_mask();
}

void arch_irq_unmask(uint32_t irq)
{
	mask &= ~(1u << irq);
	write_mask();
}

static uint8_t read_register(uint16_t port, uint8_t which)
{
	outb(port, which);
	return inb(port);
}

/* A line that fell before it was acknowledged is reported as the last one, without being in service. */
int pic_is_spurious(uint32_t irq)
{
	if (irq == 7)
		return !(read_register(MASTER, READ_SERVICED) & 0x80);
	if (irq != 15 || read_register(SLAVE, READ_SERVICED) & 0x80)
		return 0;
	outb(MASTER, END_OF_IRQ); /* the cascade line was served all the same */
	return 1;
}

void pic_end_of_interrupt(uint32_t irq)
{
	if (irq >= 8)
		outb(SLAVE, END_OF_IRQ);
	outb(MASTER, END_OF_IRQ);
}

int pic_timer_pending(void)
{
	return (read_register(MASTER, READ_REQUESTS) & (1 << IRQ_CLOCK)) != 0;
}
