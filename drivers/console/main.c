/* SPDX-License-Identifier: MIT */
/* The console driver: a terminal on the first serial port. See README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* The console can't speak on the console: what it has to say goes to the kernel's log. */
static void say(const char *text)
{
	char line[DIAG_MAX];
	int length = snprintf(line, sizeof(line), "[console] %s\n", text);
	if (sys_diagctl(line, length) != OK)
		abort();
}

static void complain(const char *what, int result)
{
	char text[DIAG_MAX / 2];
	snprintf(text, sizeof(text), "%s: %s", what, strerror(-result));
	say(text);
}

static void notified(const struct message *m)
{
	if (m->m_source == CLOCK)
		terminal_pump();
	if (m->m_source != HARDWARE)
		return;
	terminal_interrupt();
	int result = sys_irqenable(UART_IRQ);
	if (result != OK)
		complain("the interrupt line can't be enabled", result);
}

int main(int argc, char **argv)
{
	static const struct server server = {
	        .calls = SERVER_TABLE(CONSOLE_BASE, operations),
	        .notified = notified,
	};
	int result = sys_irqattach(UART_IRQ);
	if (result != OK) {
		complain("the interrupt line can't be had", result);
		return 1;
	}
	terminal_init(argc > 1 && strcmp(argv[1], "pipe") == 0 ? LINE_PIPE : LINE_PERSON);
	say("ready"); /* whoever is at the other end may send from now on: the UART forgets what came before
	               */
	complain("receiving failed", server_run(&server));
	return 1;
}
