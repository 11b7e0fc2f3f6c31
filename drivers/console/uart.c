/* SPDX-License-Identifier: MIT */
/*
 * The 16550 UART. Source: National Semiconductor, PC16550D data sheet (1995), section 8 (registers).
 *
 * The interrupt line is edge-triggered: it must go low before the next interrupt can come. So a driver that
 * has been interrupted watches for nothing for a moment: what is pending when it watches again (also that
 * the transmitter is empty) makes a new edge.
 */
#include "uart.h"

#define COM1 0x3f8

enum uart_register {
	UART_DATA = 0,         /* receiver buffer, transmitter holding register */
	UART_DIVISOR_LOW = 0,  /* with LCR_DIVISOR */
	UART_INTERRUPTS = 1,   /* interrupt enable */
	UART_DIVISOR_HIGH = 1, /* with LCR_DIVISOR */
	UART_FIFO = 2,         /* FIFO control, when written */
	UART_LINE_CONTROL = 3,
	UART_MODEM_CONTROL = 4,
	UART_LINE_STATUS = 5,
};

#define INTERRUPT_RECEIVED    0x01
#define INTERRUPT_TRANSMITTED 0x02

#define FIFO_ENABLE           0x07 /* on, and both cleared */
#define FIFO_AT_8             0x80 /* interrupt when 8 of 16 bytes have arrived, or after a pause */

#define LCR_8N1               0x03
#define LCR_DIVISOR           0x80

#define MCR_DTR               0x01
#define MCR_RTS               0x02
#define MCR_OUT2              0x08 /* on a PC it connects the UART to the interrupt line */

#define LSR_RECEIVED          0x01
#define LSR_PARITY            0x04
#define LSR_FRAMING           0x08
#define LSR_BREAK             0x10
#define LSR_TRANSMITTED       0x20 /* the transmitter's FIFO is empty */
#define LSR_BAD_BYTE          (LSR_PARITY | LSR_FRAMING | LSR_BREAK)
#define LSR_NO_UART           0xff /* what an empty bus reads as */

#define TRANSMIT_FIFO         16
#define DIVISOR_115200        1

static uint8_t read_register(enum uart_register reg)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"((uint16_t)(COM1 + reg)));
	return value;
}

static void write_register(enum uart_register reg, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"((uint16_t)(COM1 + reg)));
}

void uart_watch(int arrival, int idle)
{
	write_register(UART_INTERRUPTS,
	               (arrival ? INTERRUPT_RECEIVED : 0) | (idle ? INTERRUPT_TRANSMITTED : 0));
}

/* One instruction moves the byte from the UART, which then has it no more, to memory that outlives us. */
static void receive_byte(struct ring *input)
{
	uint8_t *place = ring_place(input);

	__asm__ volatile("insb" : "+D"(place) : "d"((uint16_t)(COM1 + UART_DATA)) : "memory");
	ring_accept(input);
}

/* A byte with an error flag is noise, or the zero that a break leaves. */
void uart_receive(struct ring *input)
{
	while (ring_takes_more(input)) {
		uint8_t status = read_register(UART_LINE_STATUS);

		if (!(status & LSR_RECEIVED) || status == LSR_NO_UART)
			return;
		if (status & LSR_BAD_BYTE)
			(void)read_register(UART_DATA);
		else
			receive_byte(input);
	}
}

/* Turning the FIFOs on empties them, so what came before is taken right before that. */
void uart_init(struct ring *input)
{
	uart_watch(0, 0);
	write_register(UART_LINE_CONTROL, LCR_DIVISOR);
	write_register(UART_DIVISOR_LOW, DIVISOR_115200);
	write_register(UART_DIVISOR_HIGH, 0);
	write_register(UART_LINE_CONTROL, LCR_8N1);
	write_register(UART_MODEM_CONTROL, MCR_DTR | MCR_RTS | MCR_OUT2);
	uart_receive(input);
	write_register(UART_FIFO, FIFO_ENABLE | FIFO_AT_8);
}

int uart_idle(void)
{
	return (read_register(UART_LINE_STATUS) & LSR_TRANSMITTED) != 0;
}

/* Counted when it is out: killed in between, the byte comes twice. Better than not at all. */
void uart_send(struct ring *output)
{
	for (int i = 0; i < TRANSMIT_FIFO && ring_used(output) > 0; i++) {
		write_register(UART_DATA, output->bytes[output->tail % RING_SIZE]);
		journal_barrier();
		journal_store(&output->tail, output->tail + 1);
	}
}
