/* SPDX-License-Identifier: MIT */
/* The serial port: a 16550 UART at the place of the PC's COM1. */
#ifndef CONSOLE_UART_H
#define CONSOLE_UART_H

#include <stdint.h>

#include "ring.h"

#define UART_IRQ 4

/*
 * Sets it to 115200 bits a second, 8 data bits, no parity, 1 stop bit. It does not interrupt yet. What it has
 * received so far goes to `input`.
 */
void uart_init(struct ring *input);

/* Moves what has arrived into `input`; what does not fit stays in the UART. */
void uart_receive(struct ring *input);

/* Whether the UART has sent all that it had, and can take bytes. */
int uart_idle(void);

/* Moves bytes of `output` into the UART, as many as it holds. It must be idle. */
void uart_send(struct ring *output);

/* Says when it is to interrupt: when something has arrived, when it is idle, on both or never. */
void uart_watch(int arrival, int idle);

#endif
