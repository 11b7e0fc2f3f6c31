/* SPDX-License-Identifier: MIT */
/* The console driver: a terminal on the first serial port. See README.md. */
#include <stdlib.h>
#include <string.h>
#include <granite/log.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "console.h"
#include "uart.h"

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

static void must(const char *what, int result)
{
	if (result == OK)
		return;
	log_line("console", "%s: %s", what, strerror(-result));
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	struct server server = {.calls = console_calls, .notified = notified, .cancelled = terminal_cancel};
	enum line_kind kind = argc > 1 && strcmp(argv[1], "pipe") == 0 ? LINE_PIPE : LINE_PERSON;

	must("its own memory can't be had", vm_own_memory());
	must("the interrupt line can't be had", sys_irqattach(UART_IRQ));
	must("what was kept can't be had", terminal_init(kind));
	terminal_pump();
	/* Whoever is at the other end waits for this: when it is set the UART forgets what came before. */
	log_line("console", "ready");
	must("receiving failed", server_run(&server));
	return EXIT_FAILURE;
}
