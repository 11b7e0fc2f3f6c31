/* SPDX-License-Identifier: MIT */
/* The console driver: a terminal on the first serial port. See README.md. */
#include <stdlib.h>
#include <string.h>
#include <granite/log.h>
#include <granite/sys.h>

#include "console.h"
#include "uart.h"

#define OP(number, NAME, name) SERVER_WRAP(console, name)
#include <granite/abi/ops/console.def>
#undef OP

static const struct server_op operations[] = {
#define OP(number, NAME, name) SERVER_ENTRY(CONSOLE_BASE, NAME, name)
#include <granite/abi/ops/console.def>
#undef OP
};

static void notified(const struct message *m)
{
	if (m->m_source == CLOCK)
		terminal_pump();
	if (m->m_source != HARDWARE)
		return;
	terminal_interrupt();
	int result = sys_irqenable(UART_IRQ);
	if (result != OK)
		log_line("console", "the interrupt line can't be enabled: %s", strerror(-result));
}

int main(int argc, char **argv)
{
	static const struct server server = {
	        .calls = SERVER_TABLE(CONSOLE_BASE, operations),
	        .notified = notified,
	        .cancelled = terminal_cancel,
	};
	int result = sys_irqattach(UART_IRQ);

	if (result != OK) {
		log_line("console", "the interrupt line can't be had: %s", strerror(-result));
		return EXIT_FAILURE;
	}
	enum line_kind kind = argc > 1 && strcmp(argv[1], "pipe") == 0 ? LINE_PIPE : LINE_PERSON;
	terminal_init(kind);
	window_init(kind);
	/* Whoever is at the other end waits for this: the UART forgets what came before. */
	log_line("console", "ready");
	log_line("console", "receiving failed: %s", strerror(-server_run(&server)));
	return EXIT_FAILURE;
}
